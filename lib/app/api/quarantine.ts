import { z } from 'zod';
import type { QuarantinedRecord } from '../../core/quarantine.ts';
import type { QuarantineReader } from '../ports/events.ts';
import type { KnownSource } from './event-state.ts';
import { knownCursor, readListQuery } from './listing.ts';
import { type Operations, checkInput } from './operation.ts';
import { placeParameters, withRules } from './place-query.ts';
import { notFound } from './problem.ts';
import { rfc3339 } from './rfc3339.ts';

/**
 * Of longer records a list leaves out the value, and the key and headers too where these are longer by themselves: a hundred
 * records are to fit into an answer. Reading the one record shows them.
 */
const mostListedBytes = 16 * 1024;
/** When one record is read: 4 MiB of base64. A source that is another's cluster may have larger ones; `value_bytes` says so. */
const mostShownBytes = 3 * 1024 * 1024;
/** What a header takes in an answer beside its name and value. */
const bytesAHeader = 32;

export interface QuarantineDependencies {
  readonly quarantine: QuarantineReader;
  readonly sources: readonly KnownSource[];
}

/** Poison records, newest first: where they came from, why they are here, and their bytes. For operators. */
export function quarantineOperations({ quarantine, sources }: QuarantineDependencies): Operations {
  const readPlace = placeReader(sources);
  return {
    'GET /v1/quarantine': {
      roles: [],
      async run({ query }) {
        const place = readPlace(query);
        if (place) {
          const record = await quarantine.at(place);
          return {
            status: 200,
            body: { data: record ? [present(record, mostShownBytes)] : [], next_cursor: null },
          };
        }
        const { limit, cursor } = readListQuery(query);
        const { records, nextCursor } = await knownCursor(quarantine.list(limit, cursor));
        const data = records.map((record) => present(record, mostListedBytes));
        return { status: 200, body: { data, next_cursor: nextCursor ?? null } };
      },
    },

    'GET /v1/quarantine/{id}': {
      roles: [],
      async run({ path }) {
        const record = await quarantine.get(path['id']!);
        if (!record) throw notFound('quarantined record', path['id']!);
        return { status: 200, body: present(record, mostShownBytes) };
      },
    },
  };
}

/** Reads the place that a query names: all three parts of it, and then nothing else. */
function placeReader(sources: readonly KnownSource[]) {
  const { topic, ...place } = placeParameters(sources);
  const all = ['source', 'partition', 'offset'] as const;
  const schema = withRules(
    z.strictObject(place),
    all.map((path) => ({
      path,
      message: `is missing: ${all.join(', ')} name a record together`,
      holds: (query) => query[path] !== undefined,
    })),
  );
  return (query: Readonly<Record<string, string>>) => {
    if (!all.some((name) => name in query)) return undefined;
    const { source: name, partition, offset } = checkInput(schema, query);
    const source = sources.find((known) => known.name === name)!.number;
    return { source, partition: partition!, offset: offset! };
  };
}

/** Bytes are base64: what is here is often not even text. */
function present(quarantined: QuarantinedRecord, mostBytes: number) {
  const { id, source, record, rejection, quarantinedAtMs, isIncomplete = false } = quarantined;
  const { topic, partition, offset, timestampMs, key, value, headers } = record;
  const headBytes = headers.reduce(
    (sum, [name, header]) => sum + name.length + header.length + bytesAHeader,
    key?.length ?? 0,
  );
  const showsHead = !isIncomplete && headBytes <= mostBytes;
  const valueBytes = mostBytes - (showsHead ? headBytes : 0);
  const showsValue = value === undefined || value.length <= valueBytes;
  return {
    id,
    source,
    topic,
    partition,
    offset,
    timestamp: rfc3339(timestampMs),
    reason: rejection.reason,
    detail: rejection.detail,
    quarantined_at: rfc3339(quarantinedAtMs),
    key: (showsHead ? key?.toString('base64') : undefined) ?? null,
    headers: showsHead ? headers.map(([name, header]) => ({ name, value: header.toString('base64') })) : null,
    value: (showsValue ? value?.toString('base64') : undefined) ?? null,
    value_bytes: value?.length ?? null,
  };
}
