import type { SourceRecord } from '../lib/core/source-record.ts';

/** A record of the ingest contract; name only what a test is about. */
export function record(parts: {
  value?: unknown;
  headers?: Record<string, string | Buffer>;
  key?: string;
  partition?: number;
  offset?: number;
}): SourceRecord {
  const { value, headers = {}, key, partition = 0, offset = 0 } = parts;
  return {
    topic: 'fanout.ingest',
    partition,
    offset,
    timestampMs: 1_700_000_000_000,
    key: key === undefined ? undefined : Buffer.from(key),
    value: value === undefined || Buffer.isBuffer(value) ? value : Buffer.from(toText(value)),
    headers: Object.entries(headers).map(([name, header]) => [name, Buffer.from(header)] as const),
  };
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
