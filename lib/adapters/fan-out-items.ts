import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { countBy } from '../app/api/event-state.ts';
import type { ListedDelivery } from '../app/ports/event-lists.ts';
import { deliveryStates } from '../core/delivery.ts';
import { timeOf } from '../core/event-id.ts';
import type { FanOutJob, FanOutPage } from '../core/fan-out.ts';
import { dueAttributes } from './delivery-items.ts';
import type { Item } from './dynamodb-batch.ts';
import { sortable } from './event-items.ts';
import { fanOutListing } from './event-listing.ts';

/** How long a job may stand still before the sweep has it gone on with. Longer than any invocation that works on it. */
const stalledMs = 3 * 60_000;

/** Everything of an event's fan-out is under one partition key: the job itself, and a part for each page. */
export function fanOutKey(eventId: string): string {
  return `FANOUT#${eventId}`;
}

export function jobKey(eventId: string): Item {
  return { pk: { S: fanOutKey(eventId) }, sk: { S: 'JOB' } };
}

/** A job's item. Until it is done it stands in the index of due minutes. */
export function jobItem(job: FanOutJob, nowMs: number): Item {
  return {
    ...jobKey(job.eventId),
    // The index shows it; with the job's pages in its place a message of the past is told from one of now.
    attempt_count: { N: String(job.pages) },
    job: { S: JSON.stringify(job) },
    ...(!job.done && dueAttributes(job.eventId, nowMs + stalledMs)),
  };
}

/**
 * What the event is listed by for each org that a page concerns: the journal's own item was written before it was known
 * which orgs these are. Another page of the same org writes the same again.
 */
export function markerItems(eventId: string, { deliveries, notDelivered }: FanOutPage): Item[] {
  const orgs = new Set([...deliveries, ...notDelivered].flatMap(({ orgId }) => orgId ?? []));
  return [...orgs].map((org) => ({
    ...markerKey(eventId, org),
    ...fanOutListing(org, eventId, timeOf(eventId)),
  }));
}

export function markerKey(eventId: string, org: string): Item {
  return { pk: { S: fanOutKey(eventId) }, sk: { S: `ORG#${org}` } };
}

/** The deliveries of a page, for each org apart and without their attempts: what a list of the org's events reads. */
export function listedItems(eventId: string, number: number, { deliveries }: FanOutPage): Item[] {
  const byOrg = Map.groupBy(deliveries, ({ orgId }) => orgId);
  return [...byOrg].map(([org, own]) => ({
    pk: { S: fanOutKey(eventId) },
    sk: { S: `${listedPrefix(org)}${sortable(number)}` },
    deliveries: {
      S: JSON.stringify(own.map(({ endpointId, state }) => ({ endpointId, orgId: org, state }))),
    },
  }));
}

/** What the sort keys of an org's deliveries begin with. */
export function listedPrefix(org: string): string {
  return `LISTED#${org}#`;
}

export function listedOf(item: Item): ListedDelivery[] {
  return JSON.parse(item['deliveries']!.S!) as ListedDelivery[];
}

/** How many deliveries of a page there are in each state, to be added up in the job's item. */
export function firstStates({ deliveries }: FanOutPage): [attribute: string, count: number][] {
  return Object.entries(countBy(deliveries.map(({ state }) => state))).map(([state, count]) => {
    return [`first_${state}`, count];
  });
}

/** What a job's item has added up. */
export function firstStatesOf(job: Item | undefined): Record<string, number> {
  const counts = deliveryStates.map((state) => [state, Number(job?.[`first_${state}`]?.N ?? 0)] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

export function jobOf(item: Item): FanOutJob {
  return JSON.parse(item['job']!.S!) as FanOutJob;
}

/** What the sort keys of pages begin with. */
export const pagePrefix = 'PAGE#';

/** @param number the page's, from 0 */
export function pageItem(eventId: string, number: number, page: FanOutPage): Item {
  return {
    pk: { S: fanOutKey(eventId) },
    sk: { S: `${pagePrefix}${sortable(number)}` },
    page: { B: zstdCompressSync(JSON.stringify(page)) },
  };
}

export function pageOf(item: Item): FanOutPage {
  return JSON.parse(zstdDecompressSync(item['page']!.B!).toString('utf8')) as FanOutPage;
}
