import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { documents } from './documents.built.ts';

/** What a client may keep for an hour, and then asks whether it is still the same. */
const cached = { 'cache-control': 'public, max-age=3600', vary: 'accept-encoding' };

/** Answers the documents of the API and the streams. They are worked out when the function is built. */
export async function handler({
  routeKey,
  headers,
}: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const { text, gzip, etag } = documents[routeKey]!;
  // Open to anyone, so also to pages of any origin that show such documents.
  const common = { ...cached, etag, 'access-control-allow-origin': '*' };
  if (headers['if-none-match']?.includes(etag)) return { statusCode: 304, headers: common };
  const answered = { ...common, 'content-type': 'application/json' };
  if (!/\bgzip\b/.test(headers['accept-encoding'] ?? ''))
    return { statusCode: 200, headers: answered, body: text };
  return {
    statusCode: 200,
    headers: { ...answered, 'content-encoding': 'gzip' },
    body: gzip,
    isBase64Encoded: true,
  };
}
