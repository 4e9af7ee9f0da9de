import { mapAtOnce } from '../core/map-at-once.ts';
import type { QuarantinedRecord } from '../core/quarantine.ts';
import type { SourceConfig } from '../core/source.ts';
import type { SourceRecord } from '../core/source-record.ts';
import { type ReadDependencies, readRecords } from './read-records.ts';
import { type RouteDependencies, type RoutedEvent, routeEvent, wantedKeys } from './route-events.ts';

export type DecideDependencies = ReadDependencies & RouteDependencies;

/** What would become of a record. */
export type Decision =
  | { readonly outcome: 'events'; readonly events: readonly RoutedEvent[] }
  | { readonly outcome: 'skipped' }
  | { readonly outcome: 'quarantined'; readonly rejection: QuarantinedRecord['rejection'] };

/** Calls of stores. */
const lookedUpAtOnce = 16;

/** Decides about one record as ingest would, and leaves no trace: nothing is claimed, stored or sent. */
export async function decide(
  dependencies: DecideDependencies,
  config: SourceConfig | undefined,
  record: SourceRecord,
): Promise<Decision> {
  const { accepted, quarantined } = await readRecords(dependencies, config, [record], dependencies.now());
  if (quarantined[0]) return { outcome: 'quarantined', rejection: quarantined[0].rejection };
  if (accepted.length === 0) return { outcome: 'skipped' };
  const { claims, source } = dependencies;
  const wanted = wantedKeys(accepted);
  const holders = new Map(
    await mapAtOnce(wanted, lookedUpAtOnce, async ({ key, eventId }) => {
      return [key, (await claims.holder(source.name, key)) ?? eventId] as const;
    }),
  );
  const events = await mapAtOnce(accepted, lookedUpAtOnce, async (event) => {
    const holder = holders.get(event.event.idempotencyKey ?? '');
    const isDuplicate = holder !== undefined && holder !== event.id;
    return { ...(await routeEvent(dependencies, event)), ...(isDuplicate && { duplicateOf: holder }) };
  });
  return { outcome: 'events', events };
}
