import type { Delivery } from '../../core/delivery.ts';
import { publishedSource } from '../../core/event-id.ts';
import type { FirstDelivery, JournalEntry, JournalEvent } from '../../core/journal.ts';
import { publishedName } from '../../core/source.ts';

/** A source's name, its number in event ids, and its topic. */
export interface KnownSource {
  readonly name: string;
  readonly number: number;
  readonly topic: string;
}

/** How an event stands. `skipped` is a record that its source's transform made no event of. */
export const eventStates = [
  'delivered',
  'queued',
  'held',
  'failed',
  'no_match',
  'duplicate',
  'skipped',
] as const;
export type EventState = (typeof eventStates)[number];

/** An event is as done as the delivery that is furthest behind. */
export function stateOf(
  { duplicateOf, fanOut }: Pick<JournalEvent, 'duplicateOf' | 'fanOut'>,
  deliveries: readonly string[],
): EventState {
  if (duplicateOf) return 'duplicate';
  if (deliveries.length === 0 && fanOut !== 'running') return 'no_match';
  const states = fanOut === 'running' ? [...deliveries, 'queued'] : deliveries;
  return (['failed', 'held', 'queued'] as const).find((state) => states.includes(state)) ?? 'delivered';
}

/**
 * Where there is a row it knows more than the journal, but for a repeat of the record that delivered at once; once there
 * was a replay, the row alone knows.
 */
export function newerOf<First extends Pick<FirstDelivery, 'state'>>(
  first: First,
  row: Delivery | undefined,
): First | Delivery {
  if (row === undefined) return first;
  return first.state === 'delivered' && row.replayedAtMs === undefined ? first : row;
}

/** How many there are of each value. */
export function countBy(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

/** Where an event came from: a record, or a call of the API. Partitions and offsets tell how much runs through the whole deployment: not for tenants. */
export function presentSource({ address }: Pick<JournalEntry, 'address'>, sources: readonly KnownSource[]) {
  const { source: number, partition, offset, index } = address;
  if (number === publishedSource) return { name: publishedName, topic: null, index };
  const source = sources.find((known) => known.number === number);
  return { name: source?.name ?? null, topic: source?.topic ?? null, partition, offset, index };
}

/** What receivers call an event, and where its publisher gave that, also what its deliveries go by. */
export function presentIds({ id, givenId }: Pick<JournalEvent, 'id' | 'givenId'>) {
  return givenId === undefined ? { id } : { id: givenId, event_id: id };
}

export function presentTarget({ target }: Pick<JournalEvent, 'target'>) {
  if (target.type === 'broadcast') return { type: target.type };
  if (target.type === 'fanout') return { type: target.type, owner_id: target.ownerId };
  return {
    type: target.type,
    endpoint_id: target.endpointId,
    ...(target.ownerId && { owner_id: target.ownerId }),
  };
}
