/** What goes back to the client. */
export interface HttpAnswer {
  status: number;
  headers: [string, string][];
  body: Buffer;
}

/** Headers that describe the connection or the body's framing, which are the gateway's business, not the function's. */
const setByTheGateway = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** An answer of the gateway itself; these bodies are fixed. */
export function gatewayAnswer(status: number, message: string): HttpAnswer {
  return {
    status,
    headers: [['content-type', 'application/json']],
    body: Buffer.from(JSON.stringify({ message })),
  };
}

/**
 * Turns what a function returned into an HTTP answer, by the rules of payload format 2.0: with a `statusCode` it is
 * read as a response; anything else is itself the body of a 200 in JSON.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 *
 * @throws Error saying what is wrong with a response that has a `statusCode`; the gateway answers 500 to it
 */
export function functionAnswer(returned: unknown): HttpAnswer {
  if (!isObject(returned) || returned['statusCode'] === undefined) return inferredAnswer(returned);
  const { statusCode, headers, cookies, body, isBase64Encoded } = returned;
  const status = typeof statusCode === 'string' ? Number(statusCode) : statusCode;
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 100 || status > 599) {
    throw new Error(
      `the function's statusCode must be a whole number from 100 to 599, not ${JSON.stringify(statusCode)}`,
    );
  }
  if (body !== undefined && body !== null && typeof body !== 'string') {
    throw new Error(
      `the function's body must be a string, not ${Array.isArray(body) ? 'an array' : typeof body}`,
    );
  }
  const pairs = readHeaders(headers);
  if (!pairs.some(([name]) => name === 'content-type'))
    pairs.push(['content-type', 'text/plain;charset=UTF-8']);
  for (const cookie of readCookies(cookies)) pairs.push(['set-cookie', cookie]);
  return {
    status,
    headers: pairs,
    body: Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}

function inferredAnswer(returned: unknown): HttpAnswer {
  const body = typeof returned === 'string' ? returned : JSON.stringify(returned ?? null);
  return { status: 200, headers: [['content-type', 'application/json']], body: Buffer.from(body) };
}

function readHeaders(headers: unknown): [string, string][] {
  if (headers === undefined || headers === null) return [];
  if (!isObject(headers)) throw new Error(`the function's headers must be an object, not ${typeof headers}`);
  return Object.entries(headers)
    .map(([name, value]): [string, string] => [name.toLowerCase(), String(value)])
    .filter(([name]) => !setByTheGateway.has(name));
}

function readCookies(cookies: unknown): string[] {
  if (cookies === undefined || cookies === null) return [];
  if (!Array.isArray(cookies))
    throw new Error(`the function's cookies must be an array, not ${typeof cookies}`);
  return cookies.map(String);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
