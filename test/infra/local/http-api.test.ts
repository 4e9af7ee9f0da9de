import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { startHttpApi } from '../../../infra/local/http-api.ts';
import type { Event } from './http-api/serve.ts';
import { read, serve } from './http-api/serve.ts';

describe('the event', () => {
  it('has the documented shape of payload format 2.0', async () => {
    const api = await serve([{ routeKey: 'POST /orgs/{org}/keys' }]);

    const answer = await fetch(`${api.url}/orgs/a%20b/keys?p=1&p=2&q=x%20y&flag`, {
      method: 'POST',
      headers: [
        ['Content-Type', 'application/json'],
        ['User-Agent', 'agent'],
        ['X-Twice', 'one'],
        ['X-Twice', 'two'],
        ['Cookie', 'c1=1; c2=2'],
      ],
      body: '{not json',
    });
    const event = (await answer.json()) as Event;

    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'POST /orgs/{org}/keys',
      rawPath: '/orgs/a b/keys',
      rawQueryString: 'p=1&p=2&q=x%20y&flag',
      cookies: ['c1=1', 'c2=2'],
      queryStringParameters: { p: '1,2', q: 'x y', flag: '' },
      pathParameters: { org: 'a b' },
      headers: {
        'content-type': 'application/json',
        'content-length': '9',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'http',
      },
      requestContext: {
        accountId: '000000000000',
        apiId: 'api1',
        domainName: 'api1.execute-api.localhost',
        domainPrefix: 'api1',
        http: {
          method: 'POST',
          path: '/orgs/a b/keys',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'agent',
        },
        routeKey: 'POST /orgs/{org}/keys',
        stage: '$default',
        time: expect.stringMatching(/^\d{2}\/[A-Z][a-z]{2}\/\d{4}:\d{2}:\d{2}:\d{2} \+0000$/) as string,
        timeEpoch: expect.any(Number) as number,
        requestId: expect.any(String) as string,
      },
      body: '{not json',
      isBase64Encoded: false,
    });
    expect((event['headers'] as Record<string, string>)['x-twice']?.replace(' ', '')).toBe('one,two');
    expect(event['headers']).not.toHaveProperty('cookie');
    expect(event['headers']).not.toHaveProperty('connection');
  });

  it('leaves out what a request does not have', async () => {
    const api = await serve([{ routeKey: '$default' }]);

    const event = (await (await fetch(`${api.url}/any`)).json()) as Event;

    for (const absent of ['body', 'cookies', 'pathParameters', 'queryStringParameters'])
      expect(event).not.toHaveProperty(absent);
    expect(event['isBase64Encoded']).toBe(false);
  });

  it.each([
    ['text/plain; charset=utf-8', false],
    ['application/json', false],
    ['application/xml', false],
    ['application/x-www-form-urlencoded', true],
    ['application/octet-stream', true],
  ])('carries a body of %s, in base64: %s', async (type, isBase64Encoded) => {
    const api = await serve([{ routeKey: 'POST /' }]);

    const answer = await fetch(api.url, { method: 'POST', headers: { 'content-type': type }, body: 'grüße' });

    const body = isBase64Encoded ? Buffer.from('grüße').toString('base64') : 'grüße';
    expect(await answer.json()).toMatchObject({ body, isBase64Encoded });
  });
});

describe('the gateway’s own answers', () => {
  it('404 for no route, 400 for a malformed escape', async () => {
    const api = await serve([{ routeKey: 'GET /a/{b}' }]);

    expect(await read(fetch(`${api.url}/other`))).toEqual([404, { message: 'Not Found' }]);
    expect(await read(fetch(`${api.url}/a/%zz`))).toEqual([400, { message: 'Bad Request' }]);
  });

  it('500 when the function fails or answers nonsense, and says why', async () => {
    const api = await serve([
      { routeKey: 'GET /fails', invoke: () => Promise.reject(new Error('out of cheese')) },
      { routeKey: 'GET /nonsense', invoke: async () => ({ statusCode: 'abc' }) },
      { routeKey: 'GET /header', invoke: async () => ({ statusCode: 200, headers: { 'bad name': 'x' } }) },
    ]);

    for (const path of ['/fails', '/nonsense', '/header'])
      expect(await read(fetch(`${api.url}${path}`))).toEqual([500, { message: 'Internal Server Error' }]);
    expect(api.said[0]).toContain('out of cheese');
    expect(api.said).toHaveLength(3);
  });

  it('503 when the integration’s time is over; its late failure harms nothing', async () => {
    const late = Promise.withResolvers<unknown>();
    const api = await serve([{ routeKey: 'GET /', timeoutMs: 20, invoke: () => late.promise }]);

    expect(await read(fetch(api.url))).toEqual([503, { message: 'Service Unavailable' }]);
    late.reject(new Error('too late'));
  });

  it('413 above 10 MB, announced or not, without calling the function', async () => {
    const invoke = vi.fn(async () => ({}));
    const api = await serve([{ routeKey: 'POST /', invoke }]);
    const tooMuch = Buffer.alloc(10 * 1024 * 1024 + 1);
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(tooMuch);
        controller.close();
      },
    });
    const streamed = { method: 'POST', body: stream, duplex: 'half' } as RequestInit;

    const expected = [413, { message: 'Request Entity Too Large' }];
    expect(await read(fetch(api.url, { method: 'POST', body: tooMuch }))).toEqual(expected);
    expect(await read(fetch(api.url, streamed))).toEqual(expected);
    expect(invoke).not.toHaveBeenCalled();
  });
});

describe('connections', () => {
  it('answers HEAD without a body', async () => {
    const api = await serve([{ routeKey: 'ANY /', invoke: async () => ({ statusCode: 200, body: 'four' }) }]);

    const answer = await fetch(api.url, { method: 'HEAD' });

    expect(answer.headers.get('content-length')).toBe('4');
    expect(await answer.text()).toBe('');
  });

  it('carries several requests, the refused ones too', async () => {
    const api = await serve([{ routeKey: 'GET /', invoke: async () => 'ok' }]);
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
    let received = '';
    socket.on('data', (chunk) => (received += chunk.toString()));

    socket.write('POST /none HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');

    await vi.waitFor(() =>
      expect(received.match(/HTTP\/1\.1 (\d+)/g)).toEqual(['HTTP/1.1 404', 'HTTP/1.1 200']),
    );
    socket.destroy();
  });

  it('survives a client that leaves in the middle of its body or of the call', async () => {
    const called = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<unknown>();
    const slow = async () => (called.resolve(), finish.promise);
    const api = await serve([
      { routeKey: 'POST /' },
      { routeKey: 'GET /slow', invoke: slow },
      { routeKey: 'GET /' },
    ]);
    const port = Number(new URL(api.url).port);
    const half = connect(port, '127.0.0.1', () =>
      half.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf'),
    );
    const gone = connect(port, '127.0.0.1', () => gone.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n'));
    await called.promise;

    half.destroy();
    gone.destroy();
    finish.resolve('nobody hears this');

    expect((await fetch(api.url)).status).toBe(200);
    expect(api.said).toEqual([]);
  });

  it('ends a request whose body does not come', async () => {
    const api = await serve([{ routeKey: 'POST /' }], 50);
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf');
    socket.resume();

    await once(socket, 'close');
  });

  it('lets calls in flight finish when it stops, and takes no new ones', async () => {
    const called = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<unknown>();
    const api = await serve([{ routeKey: 'GET /', invoke: async () => (called.resolve(), finish.promise) }]);
    const answer = fetch(api.url);
    await called.promise;

    const stopped = api.stop();
    finish.resolve('done');

    expect(await (await answer).text()).toBe('done');
    await stopped;
    await expect(fetch(api.url)).rejects.toThrow();
  });

  it('says so when its port is taken', async () => {
    const api = await serve([{ routeKey: 'GET /' }]);
    const port = Number(new URL(api.url).port);

    await expect(startHttpApi({ port, apiId: 'b', routes: [], say: () => undefined })).rejects.toThrow(
      'in use',
    );
  });
});
