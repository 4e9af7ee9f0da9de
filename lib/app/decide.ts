import type { QuarantinedRecord } from '../core/quarantine.ts';
import type { SourceConfig } from '../core/source.ts';
import type { SourceRecord } from '../core/source-record.ts';
import { type ReadDependencies, readRecords } from './read-records.ts';
import { type RouteDependencies, type RoutedEvent, routeEvent } from './route-events.ts';

export type DecideDependencies = ReadDependencies & RouteDependencies;

/** What would become of a record. */
export type Decision =
  | { readonly outcome: 'events'; readonly events: readonly RoutedEvent[] }
  | { readonly outcome: 'skipped' }
  | { readonly outcome: 'quarantined'; readonly rejection: QuarantinedRecord['rejection'] };

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
  const events = await Promise.all(
    accepted.map(async (event) => {
      const { idempotencyKey } = event.event;
      const holder = idempotencyKey && (await claims.holder(source.name, idempotencyKey));
      const isDuplicate = holder !== undefined && holder !== '' && holder !== event.id;
      return { ...(await routeEvent(dependencies, event)), ...(isDuplicate && { duplicateOf: holder }) };
    }),
  );
  return { outcome: 'events', events };
}
