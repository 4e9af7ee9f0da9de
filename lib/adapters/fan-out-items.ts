import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
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
    pk: { S: fanOutKey(eventId) },
    sk: { S: `ORG#${org}` },
    ...fanOutListing(org, eventId, timeOf(eventId)),
  }));
}

export function isJob(item: Item): boolean {
  return item['job'] !== undefined;
}

export function jobOf(item: Item): FanOutJob {
  return JSON.parse(item['job']!.S!) as FanOutJob;
}

/** @param number the page's, from 0 */
export function pageItem(eventId: string, number: number, page: FanOutPage): Item {
  return {
    pk: { S: fanOutKey(eventId) },
    sk: { S: `PAGE#${sortable(number)}` },
    page: { B: zstdCompressSync(JSON.stringify(page)) },
  };
}

export function isPage(item: Item): boolean {
  return item['page'] !== undefined;
}

export function pageOf(item: Item): FanOutPage {
  return JSON.parse(zstdDecompressSync(item['page']!.B!).toString('utf8')) as FanOutPage;
}
