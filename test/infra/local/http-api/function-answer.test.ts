import { describe, expect, it } from 'vitest';
import { functionAnswer } from '../../../../infra/local/http-api/function-answer.ts';

describe('a function’s answer', () => {
  it.each([
    ['an object without statusCode', { message: 'hi' }, '{"message":"hi"}'],
    ['an array', [1, 2], '[1,2]'],
    ['a string', 'hello', 'hello'],
    ['a number', 7, '7'],
    ['nothing', undefined, 'null'],
  ])('that is %s is the body of a 200 in JSON', (_, returned, body) => {
    expect(functionAnswer(returned)).toEqual({
      status: 200,
      headers: [['content-type', 'application/json']],
      body: Buffer.from(body),
    });
  });

  it('that has a statusCode is a response: headers, cookies, body', () => {
    const answer = functionAnswer({
      statusCode: 201,
      headers: { 'Content-Type': 'application/problem+json', 'X-Count': 3, Connection: 'close' },
      cookies: ['a=1; Secure', 'b=2'],
      body: '{}',
    });

    expect(answer.status).toBe(201);
    expect(answer.headers).toEqual([
      ['content-type', 'application/problem+json'],
      ['x-count', '3'],
      ['set-cookie', 'a=1; Secure'],
      ['set-cookie', 'b=2'],
    ]);
    expect(answer.body.toString()).toBe('{}');
  });

  it('decodes a body in base64', () => {
    const answer = functionAnswer({ statusCode: 200, body: 'AP8=', isBase64Encoded: true });

    expect([...answer.body]).toEqual([0, 255]);
  });

  it('is text unless it says what it is', () => {
    expect(functionAnswer({ statusCode: 200, body: 'x' }).headers).toEqual([
      ['content-type', 'text/plain;charset=UTF-8'],
    ]);
  });

  it.each([
    [{ statusCode: 'abc' }, 'statusCode'],
    [{ statusCode: 99 }, 'statusCode'],
    [{ statusCode: null }, 'statusCode'],
    [{ statusCode: 200, body: { a: 1 } }, 'body'],
    [{ statusCode: 200, headers: 'x' }, 'headers'],
    [{ statusCode: 200, cookies: 'a=1' }, 'cookies'],
  ])('that is malformed, %j, is refused and says where', (returned, where) => {
    expect(() => functionAnswer(returned)).toThrow(where);
  });
});
