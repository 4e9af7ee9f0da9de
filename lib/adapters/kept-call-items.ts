import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Item } from './dynamodb-batch.ts';

/** DynamoDB takes 400 KB an item; the call's own needs a little more beside it. */
const partBytes = 380_000;

/** What a call keeps, as it is stored: the first part with the call itself, further ones of a large one in items of their own. */
export interface KeptParts {
  readonly first: Buffer;
  readonly further: readonly Item[];
}

/**
 * @param call its key
 * @param lease whose parts they are: parts of one that came too late must not replace another's
 * @param more what further items have beside their part
 */
export function keptParts(call: Item, lease: string, more: Item, text: string): KeptParts {
  const bytes = zstdCompressSync(text);
  const further: Item[] = [];
  for (let from = partBytes; from < bytes.length; from += partBytes) {
    const sk = { S: partKey(lease) + String(further.length).padStart(3, '0') };
    further.push({ ...call, sk, ...more, part: { B: bytes.subarray(from, from + partBytes) } });
  }
  return { first: bytes.subarray(0, partBytes), further };
}

/** What the sort keys of a lease's further parts begin with. */
export function partKey(lease: string): string {
  return `PART#${lease}#`;
}

/**
 * @param first as it was stored
 * @param further all of them, in their order
 */
export function keptText(first: Uint8Array, further: readonly Item[]): string {
  return zstdDecompressSync(Buffer.concat([first, ...further.map(({ part }) => part!.B!)])).toString('utf8');
}

/** UTF-8 bytes of an answer that stands as it is, for whoever looks at the table. */
const mostPlainBytes = 64 * 1024;

/** An answer as it is stored: one to 500 events names their ids, which may have more bytes than an item. */
export function storedAnswer(answer: string): AttributeValue {
  return Buffer.byteLength(answer) <= mostPlainBytes ? { S: answer } : { B: zstdCompressSync(answer) };
}

/** @param stored by `storedAnswer` */
export function readAnswer({ S: plain, B: compressed }: AttributeValue): string {
  return plain ?? zstdDecompressSync(compressed!).toString('utf8');
}
