import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { asyncApiDocument } from '../../lib/app/api/contract/asyncapi.ts';
import { openApiDocument } from '../../lib/app/api/contract/openapi.ts';

/** A document as it is answered. */
export interface BuiltDocument {
  readonly text: string;
  /** The text, compressed, in base64. */
  readonly gzip: string;
  readonly etag: string;
}

/** By route key. */
export const documents: Readonly<Record<string, BuiltDocument>> = {
  'GET /openapi.json': built(openApiDocument()),
  'GET /asyncapi.json': built(asyncApiDocument()),
};

function built(document: object): BuiltDocument {
  const text = JSON.stringify(document);
  const etag = `W/"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
  return { text, gzip: gzipSync(text, { level: 9 }).toString('base64'), etag };
}
