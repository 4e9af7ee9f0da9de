import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type PayloadFault, compilePayload } from '../../../lib/core/templates/payload.ts';
import {
  mostCallBytes,
  mostContextLevels,
  mostRecordBytes,
  renderPayload,
} from '../../../lib/core/templates/render-payload.ts';

const nowMs = Date.parse('2024-01-15T10:30:00Z');

function render(json: string, context = '{}'): readonly string[] | readonly PayloadFault[] {
  const payload = compilePayload(json);
  if ('faults' in payload) return payload.faults;
  const rendered = renderPayload(payload, context, nowMs);
  return 'faults' in rendered ? rendered.faults : rendered.records;
}

const trigger =
  '{"outputs":{"trigger":{"service":"billing","version":"1.2.3","environment":"production","count":2}}}';

test('the example of the reference', () => {
  const payload = `{
    "eventType": "deployment.started",
    "service": "{{ .outputs.trigger.service }}",
    "version": "{{ .outputs.trigger.version }}",
    "environment": "{{ .outputs.trigger.environment }}",
    "parameters": {"count": "{{ .outputs.trigger.count }}", "region": "{{ .outputs.trigger.region }}"},
    "callback": {},
    "timestamp": "{{ now | date \\"2006-01-02T15:04:05Z\\" }}"
  }`;

  expect(render(payload, trigger)).toEqual([
    '{"eventType":"deployment.started","service":"billing","version":"1.2.3","environment":"production","parameters":{"count":2,"region":null},"callback":{},"timestamp":"2024-01-15T10:30:00Z"}',
  ]);
});

test('an array is one record per element, in order', () => {
  expect(render('[{"n":"{{ .outputs.trigger.count }}"},{"n":"x"},{}]', trigger)).toEqual([
    '{"n":2}',
    '{"n":"x"}',
    '{}',
  ]);
});

test('numbers of the payload are written as they came', () => {
  const payload = '{"a":12345678901234567890,"b":[1.10,-0,1E400],"c":"{{ .x }}"}';
  expect(render(payload)).toEqual(['{"a":12345678901234567890,"b":[1.10,-0,1E400],"c":null}']);
});

describe('names', () => {
  test.each([
    ['{"{{ .name }}":1}', '{"é\\"":1}'],
    ['{"is-{{ .name }}-{{ .nothing }}":1}', '{"is-é\\"-":1}'],
    ['{"{{ .number }}":1,"{{ .yes }}":2}', '{"1.10":1,"true":2}'],
    ['{"{{ .list }}":1}', '{"[1,2]":1}'],
    ['{"a":1,"{{ .nothing }}":2,"b":3}', '{"a":1,"b":3}'],
    ['{"{{ .nothing }}":2}', '{}'],
    ['{"{{ .nothing }}":"{{ .number.x }}"}', '{}'],
    ['{" {{ .nothing }}":2}', '{" ":2}'],
    ['{"x":[{"{{ .name }}":{"{{ .nothing }}":1}}]}', '{"x":[{"é\\"":{}}]}'],
    ['{"{{ .proto }}":1}', '{"__proto__":1}'],
    ['{"__proto__":{"a":"{{ .number }}"},"constructor":2}', '{"__proto__":{"a":1.10},"constructor":2}'],
  ])('%s', (payload, expected) => {
    const context = '{"name":"é\\"","number":1.10,"yes":true,"list":[1, 2],"proto":"__proto__"}';
    expect(render(payload, context)).toEqual([expected]);
  });

  test.each([
    ['{"a":1,"{{ .name }}":2}', 'payload["{{ .name }}"]'],
    ['{"{{ .name }}":2,"a":1}', 'payload.a'],
    ['{"x":[{"{{ .name }}":1,"{{ .name }}{{ .nothing }}":2}]}', 'payload.x[0]["{{ .name }}{{ .nothing }}"]'],
  ])('twice the same is a fault: %s', (payload, path) => {
    const message = 'the object already has a member "a" when it is rendered';
    expect(render(payload, '{"name":"a"}')).toEqual([{ path, column: 1, message }]);
  });
});

describe('faults', () => {
  const payload = `{
    "ok": "{{ .x }}", "a": "{{ .x", "data": {"items": [1, {"na me": "xx {{ .x | y }}"}]}, "{{ }}": {"{{ - }}": "{{ ? }}"}
  }`;

  test('of all templates are told at once, with their places', () => {
    expect(render(payload)).toMatchObject([
      { path: 'payload.a', column: 1 },
      { path: 'payload.data.items[1]["na me"]', column: 12 },
      { path: 'payload["{{ }}"]', column: 4 },
      { path: 'payload["{{ }}"]["{{ - }}"]', column: 4 },
      { path: 'payload["{{ }}"]["{{ - }}"]', column: 4 },
    ]);
  });

  test('of rendering too, in all records', () => {
    const records =
      '[{"a":"{{ .n.x }}","b":["-{{ .n[0] }}"]},{},{"{{ .n | .x }}":"{{ .n.y }}","c":"{{ .n.z }}"}]';
    expect(render(records, '{"n":1}')).toMatchObject([
      { path: 'payload[0].a', column: 7, message: 'a number has no member "x"' },
      { path: 'payload[0].b[0]', column: 8, message: 'a number has no element [0]' },
      { path: 'payload[2]["{{ .n | .x }}"]', column: 10, message: 'a number has no member "x"' },
      { path: 'payload[2].c', column: 7, message: 'a number has no member "z"' },
    ]);
  });

  test('are told up to 100', () => {
    expect(render(JSON.stringify({ a: Array.from({ length: 300 }, () => '{{') }))).toHaveLength(100);
    expect(
      render(JSON.stringify({ a: Array.from({ length: 300 }, () => '{{ .n.x }}') }), '{"n":1}'),
    ).toHaveLength(100);
  });

  test('have paths that are cut where they would be long', () => {
    const [fault] = render(JSON.stringify({ ['x'.repeat(5000)]: '{{' })) as [PayloadFault];
    expect(fault.path).toHaveLength(201);
  });
});

describe('a payload', () => {
  const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

  const whole = 'must be an object, or an array of objects, not';
  const elements = 'elements; an array has 1 to 100, one for each record';

  test.each([
    ['a number', '1', 'payload', `${whole} a number`],
    ['null', 'null', 'payload', `${whole} null`],
    ['a template', '"{{ .x }}"', 'payload', `${whole} a string`],
    ['a boolean', 'true', 'payload', `${whole} a boolean`],
    ['an array in an array', '[{},[],{}]', 'payload[1]', 'must be an object, not an array'],
    ['a template in an array', '["{{ .x }}"]', 'payload[0]', 'must be an object, not a string'],
    ['an empty array', '[]', 'payload', `has 0 ${elements}`],
    ['101 records', JSON.stringify(Array(101).fill({})), 'payload', `has 101 ${elements}`],
    ['33 levels', nested(33), 'payload', 'is more than 32 levels deep'],
    [
      'more than 1 MiB',
      JSON.stringify({ a: 'x'.repeat(mostCallBytes - 7) }),
      'payload',
      'has 1048577 characters; the most is 1048576',
    ],
    ['100,000 levels', nested(100_000), 'payload', 'is more than 32 levels deep'],
  ])('is not %s', (_, json, path, message) => {
    expect(render(json)).toEqual([{ path, message }]);
  });

  test('that is no JSON is a fault', () => {
    expect(render('{"a":')).toMatchObject([
      { path: 'payload', message: expect.stringMatching(/^is no JSON/) as string },
    ]);
  });

  test('has up to 100 records and 32 levels', () => {
    expect(render(JSON.stringify(Array(100).fill({})))).toHaveLength(100);
    expect(render(nested(32))).toEqual([nested(32)]);
  });
});

describe('what it is rendered against', () => {
  const nested = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;

  test('may be 64 levels deep', () => {
    expect(render('{"a":"{{ . }}"}', nested(mostContextLevels))).toEqual([
      `{"a":${nested(mostContextLevels)}}`,
    ]);
  });

  test.each([mostContextLevels + 1, 200_000])('may not be %i levels deep', (levels) => {
    const message = 'what it is rendered against is more than 64 levels deep';
    expect(render('{"a":1}', nested(levels))).toEqual([{ path: 'payload', message }]);
  });
});

describe('sizes', () => {
  /** A record with `bytes` bytes when rendered. */
  const record = '{"v":"{{ .v }}"}';
  const value = (bytes: number) => 'x'.repeat(bytes - '{"v":""}'.length);

  test('a record has 256 KiB at most, in bytes of UTF-8', () => {
    const euros = '€'.repeat(mostRecordBytes / 3);
    expect(render(record, JSON.stringify({ v: value(mostRecordBytes) }))).toHaveLength(1);
    const fault = { path: 'payload', message: 'renders to more than 262144 bytes' };
    expect(render(record, JSON.stringify({ v: value(mostRecordBytes + 1) }))).toEqual([fault]);
    expect(render(record, JSON.stringify({ v: euros }))).toEqual([fault]);
    expect(render(`[{},${record}]`, JSON.stringify({ v: euros }))).toEqual([
      { ...fault, path: 'payload[1]' },
    ]);
  });

  test('all records have 1 MiB at most', () => {
    const context = JSON.stringify({ v: value(mostCallBytes / 5) });
    expect(render(`[${Array(5).fill(record).join()}]`, context)).toHaveLength(5);
    expect(render(`[${Array(6).fill(record).join()}]`, context)).toEqual([
      { path: 'payload', message: 'renders to more than 1048576 bytes, all records together' },
    ]);
  });

  test('nothing is told of what comes after a record has become too large', () => {
    const names = Array.from({ length: 200 }, (_, at) => `"{{ .v ${' '.repeat(at)}}}":"{{ .v.x }}"`);
    expect(render(`{${names.join()}}`, JSON.stringify({ v: value(700_000) }))).toEqual([
      { path: 'payload', message: 'renders to more than 262144 bytes' },
    ]);
  });

  test('a long name is cut in a message', () => {
    const long = 'x'.repeat(1_000);
    const [fault] = render('{"{{ .v }}":1,"{{.v}}":1}', JSON.stringify({ v: long })) as [PayloadFault];
    expect(fault.message).toBe(`the object already has a member "${long.slice(0, 100)}" when it is rendered`);
  });

  test('small templates that ask for much over and over end soon', () => {
    // 4,000 and 32,000 templates, each of 700 kB: more than a string or the memory can hold, were they all rendered.
    const context = JSON.stringify({ v: value(700_000) });
    const whole = JSON.stringify({ a: Array(4_000).fill('{{.}}') });
    const longer = JSON.stringify({ a: Array(40).fill('{{.}}'.repeat(800)) });
    expect(render(`[${whole},${longer}]`, context)).toEqual([
      { path: 'payload[0]', message: 'renders to more than 262144 bytes' },
      { path: 'payload[1]', message: 'renders to more than 262144 bytes' },
    ]);
  });
});

test('a payload without templates renders to itself', () => {
  const plain = fc.string({ unit: 'binary', maxLength: 8 }).map((text) => text.replaceAll('{{', '{'));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      plain,
      fc.double({ noNaN: true }),
      fc.boolean(),
      fc.constant(null),
      tie('list'),
      tie('object'),
    ),
    list: fc.array(tie('value'), { maxLength: 3 }),
    object: fc.dictionary(plain, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  }));
  fc.assert(
    fc.property(fc.dictionary(plain, value, { noNullPrototype: true }), (payload) => {
      const json = JSON.stringify(payload);
      expect(render(json)).toEqual([json]);
    }),
  );
});

test('what a template takes from its context arrives as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 5 }), (name, value) => {
      const json = JSON.stringify(value);
      const payload = JSON.stringify({ v: `{{ .[${JSON.stringify(name)}] }}` });
      expect(render(payload, `{${JSON.stringify(name)}:${json}}`)).toEqual([`{"v":${json}}`]);
    }),
  );
});
