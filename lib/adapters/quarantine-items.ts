import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { placeOf } from '../core/event-id.ts';
import type { QuarantinedRecord } from '../core/quarantine.ts';
import type { SourceRecord } from '../core/source-record.ts';
import type { Item } from './dynamodb-batch.ts';

/** DynamoDB takes 400 KB an item. */
const partBytes = 380_000;

/** What is known of a record without its bytes. */
type Head = Omit<QuarantinedRecord, 'record' | 'isIncomplete'> & {
  readonly record: Omit<SourceRecord, 'key' | 'value' | 'headers'>;
};

/** A record's bytes as JSON: base64. */
interface Bytes {
  readonly key?: string;
  readonly value?: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** A record is kept under the part of its id that stands for its place, so that either of the two leads to it. */
export function quarantineKey(id: string): { pk: { S: string } } {
  return { pk: { S: `QUARANTINE#${placeOf(id)}` } };
}

/** The list of a day, as index key. */
export function quarantineList(day: string): string {
  return `QUARANTINE#${day}`;
}

/** A record's items: the first is listed by its day and has the head, further ones hold the rest of a large record. */
export function quarantineItems({ isIncomplete, ...quarantined }: QuarantinedRecord): Item[] {
  const { key, value, headers, ...place } = quarantined.record;
  const head: Head = { ...quarantined, record: place };
  const stored: Bytes = {
    key: key?.toString('base64'),
    value: value?.toString('base64'),
    headers: headers.map(([name, header]) => [name, header.toString('base64')] as const),
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
    head: { S: JSON.stringify(head) },
    parts: { N: String(items.length) },
  });
  return items;
}

/**
 * The record of its items, in any order.
 * @returns undefined without the first of them, which is the last to come and the first to go
 */
export function quarantinedOf(items: readonly Item[]): QuarantinedRecord | undefined {
  const parts = [...items].sort((one, other) => (one['sk']!.S! < other['sk']!.S! ? -1 : 1));
  const { head: text, parts: count } = parts[0] ?? {};
  if (text === undefined || count === undefined) return undefined;
  const head = JSON.parse(text.S!) as Head;
  // A record that comes again after its quarantine changed its form may have had more parts before.
  const present = parts.filter(({ sk }) => Number(sk!.S) < Number(count.N));
  if (present.length < Number(count.N)) {
    return {
      ...head,
      record: { ...head.record, key: undefined, value: undefined, headers: [] },
      isIncomplete: true,
    };
  }
  const bytes = Buffer.concat(present.map((item) => item['part']!.B!));
  const { key, value, headers } = JSON.parse(zstdDecompressSync(bytes).toString('utf8')) as Bytes;
  return {
    ...head,
    record: {
      ...head.record,
      key: key === undefined ? undefined : Buffer.from(key, 'base64'),
      value: value === undefined ? undefined : Buffer.from(value, 'base64'),
      headers: headers.map(([name, header]) => [name, Buffer.from(header, 'base64')] as const),
    },
  };
}
