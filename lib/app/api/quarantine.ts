import type { QuarantinedRecord } from '../../core/quarantine.ts';
import type { QuarantineReader } from '../ports/events.ts';
import { knownCursor, readListQuery } from './listing.ts';
import type { Operations } from './operation.ts';
import { notFound } from './problem.ts';
import { rfc3339 } from './rfc3339.ts';

/**
 * In a list, longer values are left out, and keys and headers that are longer together: a hundred records are to fit into
 * an answer. Reading the one record shows them.
 */
const mostListedBytes = 16 * 1024;
/** What a header takes in an answer beside its name and value. */
const bytesAHeader = 32;

/** Poison records, newest first: where they came from, why they are here, and their bytes. For operators. */
export function quarantineOperations({ quarantine }: { quarantine: QuarantineReader }): Operations {
  return {
    'GET /v1/quarantine': {
      roles: [],
      async run({ query }) {
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
        return { status: 200, body: present(record, Infinity) };
      },
    },
  };
}

/** Bytes are base64: what is here is often not even text. */
function present({ id, source, record, rejection, quarantinedAtMs }: QuarantinedRecord, mostBytes: number) {
  const { topic, partition, offset, timestampMs, key, value, headers } = record;
  const headBytes = headers.reduce(
    (sum, [name, header]) => sum + name.length + header.length + bytesAHeader,
    key?.length ?? 0,
  );
  const showsHead = headBytes <= mostBytes;
  const showsValue = value === undefined || value.length <= mostBytes;
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
