import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EventReader } from '../app/ports/events.ts';
import type { EventIds } from '../core/event-id.ts';
import { type JournalEntry, type JournalEvent, noOrg, partFor, splitByOrg } from '../core/journal.ts';
import type { WhyNot } from '../core/routing.ts';
import { deliveryOf } from './delivery-items.ts';
import { type Item, getAll, itemsUnder } from './dynamodb-batch.ts';
import { fanOutKey, jobKey, jobOf, markerKey, pageOf, pagePrefix } from './fan-out-items.ts';
import type { StoredEntry } from './journal-items.ts';
import { type Parts, searchJournal, withBody } from './journal-search.ts';

/** Finds events by their id alone: the id is decoded to the place of the event in the journal. */
export function createEventReader(client: DynamoDBClient, table: string, eventIds: EventIds): EventReader {
  return {
    journalled,

    async find(id, orgId) {
      const parts = await journalled(id);
      const first = parts[0]?.entry;
      if (!first || 'skippedBy' in first || !first.fanOut) {
        return parts.filter((part) => orgId === undefined || part.orgId === orgId);
      }
      const [jobs, pages] = await Promise.all([
        getAll(client, table, [jobKey(id)]),
        itemsUnder(client, table, fanOutKey(id), pagePrefix),
      ]);
      const whole = withFanOut(first, jobs[0], pages);
      if (orgId === undefined) {
        return [...splitByOrg(whole)].map(([org, entry]) => ({ orgId: org, entry: withFewer(entry) }));
      }
      const own = partFor(whole, orgId);
      return own ? [{ orgId, entry: withFewer(own) }] : [];
    },

    async read(id) {
      const parts = await search(id);
      return withBody(parts, parts.get(noOrg) ?? [...parts.values()][0]);
    },

    async deliveriesOf(id) {
      return (await itemsUnder(client, table, `DELIVERY#${id}`)).map(deliveryOf);
    },

    async concerns(id, orgId) {
      const parts = await journalled(id);
      if (parts.some((part) => part.orgId === orgId)) return true;
      const isFannedOut = parts.some(({ entry }) => 'fanOut' in entry);
      return isFannedOut && (await getAll(client, table, [markerKey(id, orgId)])).length > 0;
    },
  };

  /** The parts written last come first, and without those of a time when the event was not fanned out, or was still. */
  async function journalled(id: string): Promise<{ orgId: string; entry: JournalEntry }[]> {
    const parts = await search(id);
    const found = [...parts].flatMap(([orgId, part]) => {
      const entry = 'skippedBy' in part ? part : withBody(parts, part);
      return entry ? [{ orgId, entry }] : [];
    });
    return found.filter(({ entry }) => 'fanOut' in entry === 'fanOut' in found[0]!.entry);
  }

  async function search(id: string): Promise<Parts> {
    const address = eventIds.decode(id)?.address;
    if (!address) return new Map();
    const isWanted = (entry: StoredEntry) => entry.id === id;
    return (await searchJournal(client, table, address, address.index, isWanted)).get(id) ?? new Map();
  }
}

/** An event with what its fan-out job has come to so far. */
function withFanOut(event: JournalEvent, job: Item | undefined, items: readonly Item[]): JournalEvent {
  const pages = items.map(pageOf);
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
  if (event.notDelivered.length <= mostNotDelivered) return event;
  const moreNotDelivered = { ...event.moreNotDelivered };
  for (const { reason } of event.notDelivered.slice(mostNotDelivered)) count(moreNotDelivered, reason, 1);
  return { ...event, notDelivered: event.notDelivered.slice(0, mostNotDelivered), moreNotDelivered };
}

function count(counts: Partial<Record<WhyNot, number>>, reason: WhyNot, number: number): void {
  counts[reason] = (counts[reason] ?? 0) + number;
}
