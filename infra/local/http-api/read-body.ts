import type { IncomingMessage } from 'node:http';

/** "Payload size: 10 MB", https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const maximumBodyBytes = 10 * 1024 * 1024;

/** The body is longer than an HTTP API takes: 413. */
export class BodyTooLarge extends Error {}

/**
 * Reads a request's body.
 *
 * @throws BodyTooLarge as soon as that is known, from the announced length or from what has come in
 * @throws Error when the client goes away before the end
 */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > maximumBodyBytes) throw new BodyTooLarge();
  const chunks: Buffer[] = [];
  let length = 0;
  // Leaving the loop must not destroy the socket: the answer still has to go out on it.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maximumBodyBytes) throw new BodyTooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}
