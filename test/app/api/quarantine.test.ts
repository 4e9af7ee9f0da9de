import { expect, test } from 'vitest';
import { quarantineOperations } from '../../../lib/app/api/quarantine.ts';
import type { Problem } from '../../../lib/app/api/problem.ts';
import type { QuarantinedRecord } from '../../../lib/core/quarantine.ts';
import { record } from '../../records.ts';

const sources = [{ name: 'ingest', number: 1, topic: 'fanout.ingest' }];
/** Lambda answers 6 MB at most. */
const mostAnswerBytes = 6_000_000;

function quarantined(parts: Partial<QuarantinedRecord['record']>): QuarantinedRecord {
  return {
    id: '01HF7YAT00QKZ1V2B3N4M5P6R7',
    source: 'ingest',
    record: { ...record({ value: 'v', key: 'k', headers: { a: 'b' } }), ...parts },
    rejection: { reason: 'invalid_json', detail: 'is not JSON' },
    quarantinedAtMs: 1_700_000_000_000,
  };
}

async function answers(one: QuarantinedRecord) {
  const quarantine = {
    list: async (limit: number) => ({ records: Array.from({ length: limit }, () => one) }),
    get: async () => one,
    at: async () => one,
  };
  const operations = quarantineOperations({ quarantine, sources });
  const request = {
    caller: { role: 'operator' },
    path: { id: one.id },
    query: { limit: '100' },
    body: undefined,
    text: '',
  } as const;
  const [list, single] = [
    await operations['GET /v1/quarantine']!.run(request),
    await operations['GET /v1/quarantine/{id}']!.run(request),
  ];
  return { list: list.body as { data: Record<string, unknown>[] }, single: single.body };
}

test.each<[string, Partial<QuarantinedRecord['record']>]>([
  ['values', { value: Buffer.alloc(1024 * 1024) }],
  ['values that are just shown', { value: Buffer.alloc(16 * 1024) }],
  ['keys', { key: Buffer.alloc(1024 * 1024) }],
  ['header values', { headers: [['a', Buffer.alloc(1024 * 1024)]] }],
  ['header names', { headers: [['a'.repeat(1024 * 1024), Buffer.alloc(0)]] }],
  ['many headers', { headers: Array.from({ length: 50_000 }, () => ['a', Buffer.alloc(0)] as const) }],
])('a hundred records with large %s fit into one answer', async (_, parts) => {
  const { list } = await answers(quarantined({ value: Buffer.alloc(16 * 1024), ...parts }));
  expect(list.data).toHaveLength(100);
  expect(JSON.stringify(list).length).toBeLessThan(mostAnswerBytes);
});

test('what a list leaves out is null there, and whole when the record is read by itself', async () => {
  const headers = [['large', Buffer.alloc(20_000, 'x')]] as const;
  const { list, single } = await answers(quarantined({ headers, value: Buffer.alloc(20_000, 'y') }));
  expect(list.data[0]).toMatchObject({ key: null, headers: null, value: null, value_bytes: 20_000 });
  expect(single).toMatchObject({
    key: Buffer.from('k').toString('base64'),
    headers: [{ name: 'large', value: Buffer.alloc(20_000, 'x').toString('base64') }],
    value: Buffer.alloc(20_000, 'y').toString('base64'),
  });
});

test.each<[string, Partial<QuarantinedRecord['record']>]>([
  ['a value', { value: Buffer.alloc(5_000_000) }],
  ['a value and headers', { value: Buffer.alloc(2_900_000), headers: [['a', Buffer.alloc(2_900_000)]] }],
])('a record with %s beyond what an answer holds is shown with the size of its value', async (_, parts) => {
  const one = quarantined(parts);
  const { single } = await answers(one);
  expect(JSON.stringify(single).length).toBeLessThan(mostAnswerBytes);
  expect(single).toMatchObject({ id: one.id, value: null, value_bytes: one.record.value!.length });
});

test('a record that is there in parts only is listed as far as it is known', async () => {
  const record = { key: undefined, value: undefined, headers: [] };
  const { list } = await answers({ ...quarantined(record), isIncomplete: true });
  expect(list.data[0]).toMatchObject({
    reason: 'invalid_json',
    key: null,
    headers: null,
    value: null,
    value_bytes: null,
  });
});

test('a record with a time beyond all calendars can be listed', async () => {
  const { list } = await answers(quarantined({ timestampMs: 2 ** 63 }));
  expect(list.data[0]!['timestamp']).toBe('9999-12-31T23:59:59.999Z');
});

test.each([
  [{ source: 'ingest', partition: '1' }, ['offset']],
  [{ offset: '1' }, ['partition', 'source']],
  [{ source: 'other', partition: '-1', offset: 'x' }, ['offset', 'partition', 'source']],
  [{ source: 'ingest', partition: '16384', offset: String(2 ** 46) }, ['offset', 'partition']],
  [{ source: 'ingest', partition: '1', offset: '1', limit: '5', topic: 'a' }, ['limit', 'topic']],
])('a place such as %j is refused naming all that is wrong', async (query, paths) => {
  const quarantine = { list: fail, get: fail, at: fail };
  const operation = quarantineOperations({ quarantine, sources })['GET /v1/quarantine']!;
  const request = { caller: { role: 'operator' }, path: {}, query, body: undefined, text: '' } as const;
  const refused = await operation.run(request).catch((error: unknown) => error as Problem);
  expect(refused).toMatchObject({ kind: 'invalid_request' });
  expect((refused as Problem).errors.map(({ path }) => path).sort()).toEqual(paths);
});

async function fail(): Promise<never> {
  throw new Error('nothing should be read');
}
