import type { Attempt } from './attempt.ts';
import type { DeliveryState } from './delivery.ts';
import type { EventAddress } from './event-id.ts';
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
 * @returns at least one entry; under `noOrg` what no org may see, and always an entry where several orgs are concerned
 */
export function splitByOrg(event: JournalEvent): Map<string, JournalEvent> {
  const orgs = new Set(event.deliveries.map(({ orgId }) => orgId));
  for (const entry of event.notDelivered) orgs.add(orgOf(entry));
  if (event.target.type === 'fanout') orgs.add(event.target.ownerId);
  if (orgs.size !== 1) orgs.add(noOrg);
  const split = new Map<string, JournalEvent>();
  for (const org of orgs) {
    if (orgs.size === 1) return split.set(org, event);
    split.set(org, {
      ...event,
      deliveries: event.deliveries.filter(({ orgId }) => orgId === org),
      notDelivered: event.notDelivered.filter((entry) => orgOf(entry) === org),
      moreNotDelivered: org === noOrg ? event.moreNotDelivered : {},
    });
  }
  return split;
}

/** An owner that does not match is the sender's mistake, and no business of the endpoint's org. */
function orgOf({ orgId, reason }: NotDelivered): string {
  return orgId === undefined || reason === 'owner_mismatch' ? noOrg : orgId;
}
