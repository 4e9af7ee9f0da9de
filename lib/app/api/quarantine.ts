import type { QuarantinedRecord } from '../../core/quarantine.ts';
import type { QuarantineReader } from '../ports/events.ts';
import { knownCursor, readListQuery } from './listing.ts';
import type { Operations } from './operation.ts';
import { notFound } from './problem.ts';

/** In a list, longer values are left out; reading the one record shows them. */
const mostListedBytes = 16 * 1024;

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
  const shown = value === undefined || value.length <= mostBytes;
  return {
    id,
    source,
    topic,
    partition,
    offset,
    timestamp: new Date(timestampMs).toISOString(),
    reason: rejection.reason,
    detail: rejection.detail,
    quarantined_at: new Date(quarantinedAtMs).toISOString(),
    key: key?.toString('base64') ?? null,
    headers: headers.map(([name, header]) => ({ name, value: header.toString('base64') })),
    value: (shown ? value?.toString('base64') : undefined) ?? null,
    value_bytes: value?.length ?? null,
  };
}
