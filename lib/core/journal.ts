import type { Attempt } from './attempt.ts';
import type { DeliveryState } from './delivery.ts';
import { type EventAddress, publishedSource } from './event-id.ts';
import type { RecordEvent } from './record-event.ts';
import type { NotDelivered, Routing } from './routing.ts';

/** What is kept of an event: what came, what was decided, and its first attempts. */
export interface JournalEvent extends RecordEvent {
  readonly id: string;
  readonly timeMs: number;
  readonly address: EventAddress;
  /** The event that has its idempotency key: this one was kept, and delivered to nobody. */
  readonly duplicateOf?: string;
  /** The version of the source's transform that made it. */
  readonly transformVersion?: number;
  /**
   * Its target has so many endpoints that a job pages through them. What a page came to is kept with the job, and
   * added when the event is read.
   */
  readonly fanOut?: 'running' | 'done';
  readonly deliveries: readonly FirstDelivery[];
  readonly notDelivered: Routing['notDelivered'];
  readonly moreNotDelivered: Routing['moreNotDelivered'];
}

/** A record that its source's transform made no event of, kept so that its trace says so. */
export interface SkippedRecord {
  /** The id of its first event, had there been one. */
  readonly id: string;
  readonly timeMs: number;
  readonly address: EventAddress;
  readonly skippedBy: { readonly transformVersion: number };
}

/** What the journal holds. */
export type JournalEntry = JournalEvent | SkippedRecord;

/** How a delivery stood when its invocation ended. Where that was no end, its own row says how it went on. */
export interface FirstDelivery {
  readonly endpointId: string;
  readonly orgId: string;
  readonly state: DeliveryState;
  readonly attempts: readonly Attempt[];
}

/** Stands for the org of events that concern no org, so that only operators see them. */
export const noOrg = '-';

/**
 * One event as each org concerned may see it: its own endpoints and nobody else's.
 * @returns at least one entry; under `noOrg` what no org may see, and always an entry where several orgs may be
 *   concerned: for a broadcast, whose why-nots that are only counted are of anybody's endpoints, or several orgs
 */
export function splitByOrg(event: JournalEvent): Map<string, JournalEvent> {
  const parts = new Map<string, { deliveries: FirstDelivery[]; notDelivered: NotDelivered[] }>();
  const partOf = (org: string) => {
    const part = parts.get(org) ?? { deliveries: [], notDelivered: [] };
    parts.set(org, part);
    return part;
  };
  for (const delivery of event.deliveries) partOf(delivery.orgId).deliveries.push(delivery);
  for (const entry of event.notDelivered) partOf(orgOf(entry)).notDelivered.push(entry);
  const owner = namedOwner(event);
  if (owner !== undefined) partOf(owner);
  if (parts.size !== 1 || event.target.type === 'broadcast') partOf(noOrg);
  if (parts.size === 1) return new Map([...parts.keys()].map((org) => [org, event]));
  return new Map(
    [...parts].map(([org, part]) => [
      org,
      { ...event, ...part, moreNotDelivered: org === noOrg ? event.moreNotDelivered : {} },
    ]),
  );
}

/** The event as one org may see it, without looking at the parts of others; undefined where it is none of its business. */
export function partFor(event: JournalEvent, org: string): JournalEvent | undefined {
  // Other targets concern one org.
  if (event.target.type !== 'broadcast') return splitByOrg(event).get(org);
  const own = {
    ...event,
    deliveries: event.deliveries.filter(({ orgId }) => orgId === org),
    notDelivered: event.notDelivered.filter((entry) => orgOf(entry) === org),
  };
  return splitByOrg(own).get(org);
}

/**
 * Whose event it is also when none of its endpoints is concerned. A duplicate is delivered to nobody, so that it tells
 * only here; what an org published is its own, to whatever endpoint.
 */
function namedOwner({ target, duplicateOf, address }: JournalEvent): string | undefined {
  if (target.type === 'fanout') return target.ownerId;
  const isOwn = duplicateOf !== undefined || address.source === publishedSource;
  return target.type === 'single' && isOwn ? target.ownerId : undefined;
}

/** An owner that does not match is the sender's mistake, and no business of the endpoint's org. */
function orgOf({ orgId, reason }: NotDelivered): string {
  return orgId === undefined || reason === 'owner_mismatch' ? noOrg : orgId;
}
