import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EventReader } from '../app/ports/events.ts';
import type { EventIds } from '../core/event-id.ts';
import { type JournalEvent, noOrg, splitByOrg } from '../core/journal.ts';
import type { WhyNot } from '../core/routing.ts';
import { deliveryOf } from './delivery-items.ts';
import { type Item, itemsUnder } from './dynamodb-batch.ts';
import { fanOutKey, isJob, isPage, jobOf, pageOf } from './fan-out-items.ts';
import type { StoredEntry } from './journal-items.ts';
import { type Parts, searchJournal, withBody } from './journal-search.ts';

/** Finds events by their id alone: the id is decoded to the place of the event in the journal. */
export function createEventReader(client: DynamoDBClient, table: string, eventIds: EventIds): EventReader {
  const fanOutItems = (id: string) => itemsUnder(client, table, fanOutKey(id));

  return {
    async find(id) {
      const parts = await search(id);
      const shared = withBody(parts, [...parts.values()][0]);
      if (shared?.fanOut) {
        const whole = withFanOut(shared, await fanOutItems(id));
        return [...splitByOrg(whole)].map(([orgId, entry]) => ({ orgId, entry: withFewer(entry) }));
      }
      return [...parts].flatMap(([orgId, part]) => {
        const entry = 'skippedBy' in part ? part : withBody(parts, part);
        return entry ? [{ orgId, entry }] : [];
      });
    },

    async read(id) {
      const parts = await search(id);
      return withBody(parts, parts.get(noOrg) ?? [...parts.values()][0]);
    },

    async deliveriesOf(id) {
      return (await itemsUnder(client, table, `DELIVERY#${id}`)).map(deliveryOf);
    },
  };

  async function search(id: string): Promise<Parts> {
    const address = eventIds.decode(id)?.address;
    if (!address) return new Map();
    const isWanted = (entry: StoredEntry) => entry.id === id;
    return (await searchJournal(client, table, address, address.index, isWanted)).get(id) ?? new Map();
  }
}

/** An event with what its fan-out job has come to so far. */
function withFanOut(event: JournalEvent, items: readonly Item[]): JournalEvent {
  const pages = items.filter(isPage).map(pageOf);
  const job = items.find(isJob);
  const more: Partial<Record<WhyNot, number>> = {};
  for (const { moreNotDelivered } of pages) {
    for (const [reason, number] of Object.entries(moreNotDelivered)) count(more, reason as WhyNot, number);
  }
  return {
    ...event,
    fanOut: job && jobOf(job).done ? 'done' : 'running',
    deliveries: pages.flatMap((page) => page.deliveries),
    notDelivered: pages.flatMap((page) => page.notDelivered),
    moreNotDelivered: more,
  };
}

/** Why-nots that are listed one by one, for each org; of the others the number. */
const mostNotDelivered = 100;

function withFewer(event: JournalEvent): JournalEvent {
  const moreNotDelivered = { ...event.moreNotDelivered };
  for (const { reason } of event.notDelivered.slice(mostNotDelivered)) count(moreNotDelivered, reason, 1);
  return { ...event, notDelivered: event.notDelivered.slice(0, mostNotDelivered), moreNotDelivered };
}

function count(counts: Partial<Record<WhyNot, number>>, reason: WhyNot, number: number): void {
  counts[reason] = (counts[reason] ?? 0) + number;
}
