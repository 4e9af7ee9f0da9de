import type { JournalEntry } from '../../core/journal.ts';
import { mapAtOnce } from '../../core/map-at-once.ts';
import type { EventReader } from '../ports/events.ts';

type MayBeDuplicate = Pick<JournalEntry, 'id'> & { readonly duplicateOf?: string };

/** Events that are looked up at once. */
const lookedUpAtOnce = 8;

/**
 * Events without the ids of those that they duplicate where these are none of the org's business: an idempotency key is
 * unique within a source, which many orgs share.
 */
export async function withOwnHolders<Event extends MayBeDuplicate>(
  events: Pick<EventReader, 'concerns'>,
  orgId: string,
  entries: readonly Event[],
): Promise<Event[]> {
  const holders = [...new Set(entries.flatMap(({ duplicateOf }) => duplicateOf ?? []))];
  const concerned = await mapAtOnce(holders, lookedUpAtOnce, (id) => events.concerns(id, orgId));
  const foreign = new Set(holders.filter((_, at) => !concerned[at]));
  return entries.map((entry) =>
    entry.duplicateOf !== undefined && foreign.has(entry.duplicateOf)
      ? { ...entry, duplicateOf: undefined }
      : entry,
  );
}
