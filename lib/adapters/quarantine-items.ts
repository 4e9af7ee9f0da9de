import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { placeOf } from '../core/event-id.ts';
import type { QuarantinedRecord } from '../core/quarantine.ts';
import type { Item } from './dynamodb-batch.ts';

/** DynamoDB takes 400 KB an item. */
const partBytes = 380_000;

/** A record as JSON: bytes as base64. */
interface Stored extends Omit<QuarantinedRecord, 'record'> {
  readonly record: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    readonly timestampMs: number;
    readonly key?: string;
    readonly value?: string;
    readonly headers: readonly (readonly [name: string, value: string])[];
  };
}

/** A record is kept under the part of its id that stands for its place, so that either of the two leads to it. */
export function quarantineKey(id: string): { pk: { S: string } } {
  return { pk: { S: `QUARANTINE#${placeOf(id)}` } };
}

/** The list of a day, as index key. */
export function quarantineList(day: string): string {
  return `QUARANTINE#${day}`;
}

/** A record's items: the first is listed by its day, further ones hold the rest of a large record. */
export function quarantineItems(quarantined: QuarantinedRecord): Item[] {
  const { record } = quarantined;
  const stored: Stored = {
    ...quarantined,
    record: {
      ...record,
      key: record.key?.toString('base64'),
      value: record.value?.toString('base64'),
      headers: record.headers.map(([name, value]) => [name, value.toString('base64')] as const),
    },
  };
  const bytes = zstdCompressSync(JSON.stringify(stored));
  const at = new Date(quarantined.quarantinedAtMs).toISOString();
  const items: Item[] = [];
  for (let from = 0; from < bytes.length; from += partBytes) {
    items.push({
      ...quarantineKey(quarantined.id),
      sk: { S: String(items.length).padStart(3, '0') },
      part: { B: bytes.subarray(from, from + partBytes) },
    });
  }
  Object.assign(items[0]!, {
    listing: { S: quarantineList(at.slice(0, 10)) },
    listed_at: { S: `${at}#${quarantined.id}` },
    parts: { N: String(items.length) },
  });
  return items;
}

/** The record of its items, in any order. */
export function quarantinedOf(items: readonly Item[]): QuarantinedRecord {
  const parts = [...items].sort((one, other) => (one['sk']!.S! < other['sk']!.S! ? -1 : 1));
  // A record that comes again after its quarantine changed its form may have had more parts before.
  const present = parts.slice(0, Number(parts[0]!['parts']!.N));
  const bytes = Buffer.concat(present.map((item) => item['part']!.B!));
  const stored = JSON.parse(zstdDecompressSync(bytes).toString('utf8')) as Stored;
  const { key, value, headers, ...record } = stored.record;
  return {
    ...stored,
    record: {
      ...record,
      key: key === undefined ? undefined : Buffer.from(key, 'base64'),
      value: value === undefined ? undefined : Buffer.from(value, 'base64'),
      headers: headers.map(([name, header]) => [name, Buffer.from(header, 'base64')] as const),
    },
  };
}
