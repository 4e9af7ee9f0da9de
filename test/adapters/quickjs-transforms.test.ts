import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bundle } from '../../infra/bundle.ts';
import { createTransformRunner } from '../../lib/adapters/quickjs-transforms.ts';
import type { TransformOutcome } from '../../lib/app/ports/transforms.ts';
import type { Transform, TransformInput } from '../../lib/core/transform.ts';

const runner = createTransformRunner();
/** For code that never ends: what it is stopped after says nothing else. */
const hasty = createTransformRunner({ timeoutMs: 100 });

const javascript = (code: string): Transform => ({ language: 'javascript', code });
const jmespath = (code: string): Transform => ({ language: 'jmespath', code });
/** A JavaScript transform of which only the body matters. */
const body = (code: string) => javascript(`function transform(payload, context) { ${code} }`);

function input(text: string | undefined, context: Partial<TransformInput['context']> = {}): TransformInput {
  return {
    text,
    context: {
      headers: { 'content-type': 'application/json' },
      key: 'order-1',
      topic: 'orders',
      partition: 3,
      offset: 41,
      timestamp: 1_700_000_000_000,
      ...context,
    },
  };
}

const never = Number.POSITIVE_INFINITY;
const runAll = (transform: Transform, values: readonly unknown[], by = runner) =>
  by.run(
    transform,
    values.map((value, offset) => input(JSON.stringify(value), { offset })),
    never,
  );
const runText = async (transform: Transform, text: string | undefined, by = runner) =>
  (await by.run(transform, [input(text)], never))[0]!;
const runOne = async (transform: Transform, value: unknown = {}, by = runner) =>
  runText(transform, JSON.stringify(value), by);

const parsed = (outcome: TransformOutcome | undefined) =>
  outcome && 'events' in outcome ? outcome.events.map((event) => JSON.parse(event) as unknown) : outcome;
const rejection = (reason: string, detail: string | RegExp) => ({
  rejection: { reason, detail: expect.stringMatching(detail) as string },
});

test('the function of the reference page makes one event of a payload', async () => {
  const transform = javascript(`function transform(payload) {
    // Transform function here
    return {
      "endpoint_id": "",
      "owner_id": "",
      "event_type": "sample",
      "data": payload,
      "custom_headers": {
        "sample-header": "sample-value"
      },
      "idempotency_key": ""
    }
  }`);

  const outcome = await runOne(transform, { order: 7 });

  expect(outcome).toEqual({
    events: [
      '{"endpoint_id":"","owner_id":"","event_type":"sample","data":{"order":7},"custom_headers":{"sample-header":"sample-value"},"idempotency_key":""}',
    ],
  });
});

test.each([
  ['a const', 'const transform = (payload) => ({ data: payload });'],
  ['a let', 'let transform = function (payload) { return { data: payload } }'],
  ['a var', 'var transform = (payload) => ({ data: payload })'],
  ['strict code', '"use strict";\nfunction transform(payload) { return { data: payload } } // the end'],
])('transform may be defined with %s', async (_, code) => {
  expect(parsed(await runOne(javascript(code), 5))).toEqual([{ data: 5 }]);
});

test('the transform sees the record that the payload comes from', async () => {
  const given = input('1', { headers: { trace: 'é' }, key: null, topic: 'a.b', partition: 9, offset: 5e9 });

  const [outcome] = await runner.run(body('return { context }'), [given], never);

  expect(parsed(outcome)).toEqual([{ context: given.context }]);
});

test('a tombstone is null to the transform', async () => {
  expect(parsed(await runText(body('return { isNull: payload === null }'), undefined))).toEqual([
    { isNull: true },
  ]);
});

test('an array becomes several events, and null none', async () => {
  const outcomes = await runAll(body('return payload'), [[{ a: 1 }, { b: 2 }], [], null]);

  expect(outcomes).toEqual([{ events: ['{"a":1}', '{"b":2}'] }, { events: [] }, { events: [] }]);
});

test('keys keep their order, but for those that are indexes, which come first in any JavaScript', async () => {
  const text = '{"zebra":1,"alpha":2,"2":3,"1":4}';

  expect(await runText(body('return payload'), text)).toEqual({
    events: ['{"1":4,"2":3,"zebra":1,"alpha":2}'],
  });
});

test('text arrives as it was sent: any language, line breaks, NUL and half surrogates', async () => {
  const text = String.raw`{"a":"é😀\u2028\n\u0000\ud800","__proto__":{"b":1}}`;

  const outcome = await runText(body('return payload'), text);

  expect(outcome).toEqual({ events: [text.replace(String.raw`\u2028`, '\u2028')] });
});

test('numbers leave the transform as they came', async () => {
  const numbers = fc.sample(fc.double({ noNaN: true, noDefaultInfinity: true }), 5_000);
  const text = JSON.stringify({ numbers });

  expect(await runText(body('return payload'), text)).toEqual({ events: [text] });
});

test.each([
  ['', /^the transform returned undefined; return an event \(an object\), an array of events, or null/],
  ['return "text"', /^the transform returned a string; return an event/],
  ['return 5', /returned a number/],
  ['return transform', /returned a function/],
  ['return Promise.resolve({})', /returned a promise; it must return at once/],
  ['return [{}, 1]', /an array whose element 1 is a number; each must be an event/],
  ['return [{}, null]', /element 1 is null/],
  ['return [[]]', /element 0 is an array/],
  ['return [, {}]', /element 0 is undefined/],
  ['return [Promise.resolve({})]', /a promise; it must return at once/],
  ['return new Date(0)', /an object that writes itself as something else/],
  ['return { toJSON() {} }', /an object that writes itself as something else/],
  ['const own = {}; own.self = own; return own', /is not JSON: TypeError: circular reference/],
  ['return { amount: 1n }', /is not JSON: TypeError: BigInt/],
  ['return { get a() { throw new Error("no") } }', /is not JSON: Error: no \(line 1, column/],
  ['return Array.from({ length: 1001 }, () => ({}))', /1001 events; the most is 1000/],
  ['return { a: "x".repeat(4 * 1024 * 1024) }', /too much; the most is 4194304 bytes/],
  ['return { a: "é".repeat(3 * 1024 * 1024) }', /too much; the most is 4194304 bytes/],
])('the result of "%s" is refused, saying what would be right', async (code, detail) => {
  expect(await runOne(body(code))).toEqual(rejection('transform_result', detail));
});

test('a promise is refused', async () => {
  const outcome = await runOne(body('return Promise.resolve(payload)'));

  expect(outcome).toEqual(rejection('transform_result', /a promise; it must return at once/));
});

test('a thousand events are not too many', async () => {
  const outcome = await runOne(body('return Array.from({ length: 1000 }, (_, index) => ({ index }))'));

  expect(parsed(outcome)).toHaveLength(1000);
});

test.each([
  [
    '\n  payload.a.b;',
    /^the transform threw TypeError: cannot read property 'b' of undefined \(line 2, column \d+\)$/,
  ],
  ['throw new RangeError("far")', /^the transform threw RangeError: far \(line 1, column \d+\)$/],
  ['throw "a text"', /^the transform threw a text$/],
  ['throw null', /^the transform threw null$/],
  ['throw { get message() { throw 1 } }', /^the transform threw an object that cannot be read$/],
  [
    'throw new Error("long ".repeat(1000))',
    /^the transform threw Error: [long ]{200,300}… \(line 1, column \d+\)$/,
  ],
])('what "%s" throws is told with its place', async (code, detail) => {
  expect(await runOne(body(code))).toEqual(rejection('transform_failed', detail));
});

test.each([
  ['{"secret', 'the value is not JSON (at character 8)'],
  ['{"secret":1 nope}', 'the value is not JSON (at character 12)'],
  ['{"secret":nope}', 'the value is not JSON'],
  ['', 'the value is not JSON'],
])('the text %j is no JSON, and the reason does not quote it', async (text, detail) => {
  expect(await runText(body('return {}'), text)).toEqual({ rejection: { reason: 'invalid_json', detail } });
});

test.each([javascript('const transform = () => ({})'), jmespath('{a: @}')])(
  'a number that JavaScript would round is refused by its path in $language',
  async (transform) => {
    const outcome = await runText(transform, '{"order":{"amounts":[1.10,9007199254740993]}}');

    expect(outcome).toEqual(
      rejection('unsafe_number', /^the number at \$\.order\.amounts\[1\] would be changed/),
    );
  },
);

test('a JMESPath expression makes events of a payload, by the same rules', async () => {
  const transform = jmespath('orders[?total > `10`].{event_type: `"order.large"`, data: @}');
  const payload = { orders: [{ total: 5 }, { total: 11, id: 'a' }, { total: 12 }] };

  const outcomes = await runAll(transform, [payload, {}, { orders: [] }]);
  const [text] = await runAll(jmespath('name'), [{ name: 'x' }]);
  const [wrong] = await runAll(jmespath('length(@)'), [5]);

  expect(outcomes.map(parsed)).toEqual([
    [
      { event_type: 'order.large', data: { total: 11, id: 'a' } },
      { event_type: 'order.large', data: { total: 12 } },
    ],
    [],
    [],
  ]);
  expect(text).toEqual(rejection('transform_result', /returned a string/));
  expect(wrong).toEqual(rejection('transform_failed', /TypeError: length\(\) expected argument 1/));
});

test('nothing of the host is in reach', async () => {
  const names = [
    'process',
    'require',
    'module',
    'fetch',
    'console',
    'setTimeout',
    'Buffer',
    'std',
    'os',
    'WebAssembly',
  ];
  const code = `
    const outside = (0, eval)('this');
    const byFunction = new Function('return this')();
    return {
      there: ${JSON.stringify(names)}.filter((name) => name in globalThis),
      same: outside === globalThis && byFunction === globalThis,
      constructed: typeof payload.constructor.constructor('return this.process')(),
    }`;

  const outcome = await runOne(body(code));

  expect(parsed(outcome)).toEqual([{ there: [], same: true, constructed: 'undefined' }]);
});

test('no module can be loaded', async () => {
  const faults = await Promise.all(
    ['import os from "os"; function transform() {}', 'export function transform() {}'].map((code) =>
      runner.check(javascript(code)),
    ),
  );

  expect(faults.map((fault) => fault?.line)).toEqual([1, 1]);
});

test('no record sees what another has done', async () => {
  const transform = javascript(`
    let calls = 0;
    const seen = [];
    function transform(payload) {
      seen.push(payload);
      const found = {
        calls: ++calls, seen: seen.length, left: globalThis.left, poisoned: ({}).poisoned, random: Math.random(),
        methods: [JSON.stringify, JSON.parse, Array.prototype.map].map((method) => String(method).includes('native')),
      };
      globalThis.left = 'something';
      Object.prototype.poisoned = 'yes';
      Object.prototype.toJSON = Array.prototype.toJSON = undefined;
      JSON.stringify = () => '{"forged":true}';
      JSON.parse = () => ({ forged: true });
      Array.isArray = () => true;
      Array.prototype.map = String.prototype.slice = Function.prototype.call = () => 'forged';
      Array.prototype[Symbol.iterator] = () => { throw new Error('forged') };
      transform = () => ({ forged: true });
      return found;
    }`);

  const outcomes = (await runAll(transform, [1, 2, 3, 4])).flatMap(parsed) as { random: number }[];

  for (const { random, ...found } of outcomes) {
    expect(found).toEqual({ calls: 1, seen: 1, methods: [true, true, true] });
    expect(random).toBeLessThan(1);
  }
  expect(new Set(outcomes.map(({ random }) => random)).size).toBe(4);
});

test('an earlier record leaves nothing when it threw, was large, or made the memory grow', async () => {
  const transform = javascript(`
    let calls = 0;
    const zeros = new Uint8Array(3e6);
    function transform(payload) {
      const found = { calls: ++calls, sum: zeros.reduce((sum, value) => sum + value, 0) > 0 };
      zeros.fill(1);
      globalThis.kept = 'x'.repeat(payload.size);
      if (payload.throws) throw new Error('thrown');
      return found;
    }`);
  const sizes = [1, 5e6, 1, 1e7, 1e7, 1e7, 1, 1];

  const outcomes = await runAll(
    transform,
    sizes.flatMap((size) => [{ size }, { size, throws: true }]),
    createTransformRunner({ timeoutMs: 5_000 }),
  );

  expect(outcomes.filter((_, index) => index % 2 === 0).map(parsed)).toEqual(
    sizes.map(() => [{ calls: 1, sum: false }]),
  );
  for (const [index, outcome] of outcomes.entries())
    if (index % 2 === 1) expect(outcome).toEqual(rejection('transform_failed', /Error: thrown/));
});

test('no transform sees what another has done', async () => {
  await runOne(body('globalThis.left = 1; Object.prototype.poisoned = 1; return {}'));

  const outcome = await runOne(body('return { left: globalThis.left, poisoned: ({}).poisoned }'));

  expect(parsed(outcome)).toEqual([{}]);
});

test('a record that comes again finds the same random numbers', async () => {
  const transform = body('return { numbers: [Math.random(), Math.random()] }');

  const [first, again] = [await runOne(transform), await runOne(transform)];

  expect(again).toEqual(first);
});

test('more transforms than are kept ready still give each its own result', async () => {
  const transforms = Array.from({ length: 6 }, (_, index) => body(`return { index: ${index} }`));

  const twice = [...transforms, ...transforms];
  const outcomes = await Promise.all(twice.map((transform) => runOne(transform)));

  expect(outcomes.map(parsed)).toEqual(twice.map((_, index) => [{ index: index % 6 }]));
});

const endless: Record<string, string> = {
  'an endless loop': 'for (;;);',
  'an endless loop in what it throws': 'throw { get message() { for (;;); } }',
  'a search that takes quadratic time': 'return ("a".repeat(5e5) + "b").indexOf("a".repeat(2e5) + "c")',
  'a pattern that explodes': 'return /^(a+)+$/.test("a".repeat(40) + "b")',
  'sorting a giant array':
    'return new Uint32Array(1e6).map((_, index) => index * 7919).sort((a, b) => b - a)',
  'mathematics with giant numbers':
    'let big = 3n; for (let i = 0; i < 19; i++) big *= big; return String(big)',
};
const greedy: Record<string, string> = {
  'an array without end': 'const all = []; for (;;) all.push(new Uint8Array(1e5))',
  'a global without end': 'globalThis.all = []; for (;;) all.push(new Uint8Array(1e5))',
  'one giant array': 'return new Array(4e9).fill(0)',
};
const deep: Record<string, string> = {
  recursion: 'return transform(payload)',
  'recursion through an accessor': 'const own = { get a() { return own.a } }; return own.a',
  'a nested text': 'return JSON.parse("[".repeat(1e5))',
  'nested code': 'return eval("(".repeat(1e5))',
};

test.each([
  ...Object.entries(endless).map(([name, code]) => [name, code, 'transform_timeout'] as const),
  ...Object.entries(greedy).map(([name, code]) => [name, code, 'transform_memory'] as const),
  ...Object.entries(deep).map(([name, code]) => [name, code, 'transform_failed'] as const),
])('%s is stopped, and its neighbours are not', async (_, code, reason) => {
  const transform = body(`if (payload.good) return { good: payload.good };\n${code}`);
  const patient = createTransformRunner({ timeoutMs: 2_000 });

  const outcomes = await runAll(
    transform,
    [{ good: 1 }, {}, { good: 2 }],
    reason === 'transform_timeout' ? hasty : patient,
  );

  const detail = {
    transform_timeout: /longer than 100 ms/,
    transform_memory: /32 MiB/,
    transform_failed: /Maximum call stack|too deep/,
  };
  expect([outcomes.length, parsed(outcomes[0]), parsed(outcomes[2])]).toEqual([
    3,
    [{ good: 1 }],
    [{ good: 2 }],
  ]);
  expect(outcomes[1]).toEqual(rejection(reason, detail[reason]));
});

test('a value that is nested too deep is refused', async () => {
  const outcome = await runText(body('return { payload }'), '['.repeat(200_000) + ']'.repeat(200_000));

  expect(outcome).toEqual(rejection('transform_failed', /nested too deep/));
});

test('a JMESPath expression that takes too long is stopped, too', async () => {
  const all = Array.from({ length: 50_000 }, (_, index) => (index * 7919) % 50_000);

  const outcome = await runOne(jmespath('{sorted: sort_by(@, &to_string(@))}'), all, hasty);

  expect(outcome).toEqual(rejection('transform_timeout', /longer than 100 ms/));
});

test('transforms that run at the same time do not disturb each other', async () => {
  const good = body('return { offset: context.offset }');
  const mixed = body('if (payload === 2) for (;;); return { offset: context.offset }');

  const [first, second, third] = await Promise.all([
    runAll(good, [0, 1, 2], hasty),
    runAll(mixed, [0, 1, 2, 3], hasty),
    runAll(mixed, [0, 1], hasty),
  ]);

  expect(first.map(parsed)).toEqual([[{ offset: 0 }], [{ offset: 1 }], [{ offset: 2 }]]);
  expect(second.map((outcome) => 'events' in outcome)).toEqual([true, true, false, true]);
  expect(third.map(parsed)).toEqual([[{ offset: 0 }], [{ offset: 1 }]]);
});

test('no record begins after the deadline, but for the first', async () => {
  const inputs = [input('1'), input('2'), input('3')];

  const late = await runner.run(body('return {}'), inputs, 0);
  const onTheWay = await hasty.run(body('for (;;);'), inputs, Date.now() + 20);
  const none = await runner.run(body('return {}'), [], never);

  expect(late).toEqual([{ events: ['{}'] }]);
  expect(onTheWay).toEqual([rejection('transform_timeout', /longer/)]);
  expect(none).toEqual([]);
});

test.each([
  [
    'function transform(payload) {\n  return payload..x\n}',
    { line: 2, column: 18, message: /^SyntaxError: / },
  ],
  ['let a = 1;\nnope();\nfunction transform() {}', { line: 2, column: 1, message: /^ReferenceError: nope/ }],
  ['throw null', { message: /threw null/ }],
  ['const all = []; for (;;) all.push(new Uint8Array(1e5))', { message: /memory/ }],
  ['const own = new Uint8Array(2e7); function transform() {}', { message: /8 MiB of memory/ }],
  ['('.repeat(30_000), { message: /too deep/ }],
  ['', { message: /^define function transform\(payload, context\)$/ }],
  ['async function transform() {}', { message: /must not be async/ }],
  ['const transform = 3', { message: /^define function transform\(payload, context\)$/ }],
  [`function transform() {} // ${'é'.repeat(33_000)}`, { message: /66027 bytes; the most is 65536/ }],
])('the code %.60j is found faulty', async (code, { message, ...place }) => {
  const fault = await hasty.check(javascript(code));
  const outcome = await runOne(javascript(code), {}, hasty);

  expect(fault).toEqual({ ...place, message: expect.stringMatching(message) as string });
  expect(outcome).toEqual({
    rejection: {
      reason: expect.stringMatching(/^transform_(failed|memory)$/) as string,
      detail: expect.stringMatching(/^the transform cannot be loaded: /) as string,
    },
  });
});

test('code that takes too long to load is found faulty, and once it is saved its records are to come again', async () => {
  const endless = javascript('for (;;);');

  expect(await hasty.check(endless)).toEqual({ message: 'the code took longer than 1000 ms to load' });
  await expect(runOne(endless, {}, hasty)).rejects.toThrow('longer than 1000 ms');
});

test.each([
  ['orders[', { line: 1, column: 8, message: /^Expected Star, got: EOF$/ }],
  ['a b', { line: 1, column: 3, message: /^Unexpected token type: UnquotedIdentifier/ }],
  ['a # b', { line: 1, column: 3, message: /^Unknown character:#$/ }],
  ['items[?a = `1`]', { line: 1, column: 10, message: /did you mean ==\?$/ }],
  ['a ||', { line: 1, column: 5, message: /^Invalid token \(EOF\)/ }],
  ['upper(name)', { message: /^Unknown function: upper\(\)$/ }],
  ['', { line: 1, column: 1, message: /^Invalid token \(EOF\)/ }],
])('the JMESPath expression %j is found faulty', async (code, { message, ...place }) => {
  const fault = await runner.check(jmespath(code));

  expect(fault).toEqual({ ...place, message: expect.stringMatching(message) as string });
});

test.each([
  javascript('const transform = () => null'),
  javascript('function transform() { throw new Error("only when called") }'),
  jmespath('items[].{id: id, total: sum(prices)} | [0]'),
])('usable code in $language has no fault', async (transform) => {
  expect(await runner.check(transform)).toBeUndefined();
});

test('a thousand hostile records leave no memory behind', { timeout: 180_000 }, async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const code = [
    'for (;;);',
    'return /^(a+)+$/.test("a".repeat(40) + "b")',
    ...Object.values(greedy).slice(0, 2),
    ...Object.values(deep),
    'throw new Error("x".repeat(1e6))',
    'return "nonsense"',
    'return Promise.resolve({})',
    'Object.prototype.toJSON = () => 5; Array.prototype.push = null; return {}',
    'return { large: "x".repeat(3e6) }',
  ];
  const transform = body(
    `switch (payload) { ${code.map((line, kind) => `case ${kind}: ${line};`).join('\n')} }`,
  );
  // Of those that are stopped by time alone, every twentieth is enough.
  const kinds = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      index % 20 === 0 ? (index / 20) % 2 : 2 + (index % (code.length - 2)),
    );
  const by = createTransformRunner({ timeoutMs: 50 });
  const rejections = async (count: number) => {
    const outcomes = await runAll(transform, kinds(count), by);
    return outcomes.filter((outcome) => 'rejection' in outcome).length;
  };
  await rejections(100);
  collect();
  const before = process.memoryUsage().rss;

  const rejected = await rejections(1000);

  collect();
  const grown = (process.memoryUsage().rss - before) / 1024 / 1024;
  expect(rejected).toBeGreaterThan(800);
  expect(grown).toBeLessThan(64);
});

test('it works in a worker, time limit included', async () => {
  const url = new URL('../../lib/adapters/quickjs-transforms.ts', import.meta.url).href;
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
    import(workerData.url).then(async ({ createTransformRunner }) => {
      const { transform, inputs } = workerData;
      parentPort.postMessage(await createTransformRunner({ timeoutMs: 100 }).run(transform, inputs, Infinity));
    });`,
    {
      eval: true,
      execArgv: [],
      workerData: {
        url,
        transform: body('if (payload === 2) for (;;); return { payload }'),
        inputs: [input('1'), input('2'), input('3')],
      },
    },
  );

  const outcomes = await new Promise<TransformOutcome[]>((done, fail) =>
    worker.once('message', done).once('error', fail),
  );

  await worker.terminate();
  expect(outcomes.map(parsed)).toEqual([
    [{ payload: 1 }],
    rejection('transform_timeout', /longer/),
    [{ payload: 3 }],
  ]);
});

test('a bundle brings the files that it needs, and works where there are no packages', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fanout-transforms-'));
  try {
    const adapter = resolve(import.meta.dirname, '../../lib/adapters/quickjs-transforms.ts');
    const entry = join(folder, 'entry.ts');
    await writeFile(
      entry,
      `import { createTransformRunner } from ${JSON.stringify(adapter)};
      const runner = createTransformRunner();
      const [input, ...transforms] = JSON.parse(process.argv[2]);
      const outcomes = await Promise.all(transforms.map((transform) => runner.run(transform, [input], Infinity)));
      process.stdout.write(JSON.stringify(outcomes.flat()));`,
    );
    const entryPoints = [
      { in: entry, out: 'with/index' },
      { in: 'lib/core/unsafe-number.ts', out: 'without/index' },
    ];

    await bundle(entryPoints, folder);
    const given = [input('{"b":2}'), body('return { a: 1 }'), jmespath('{a: b}')];
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(folder, 'with/index.mjs'), JSON.stringify(given)],
      { cwd: folder },
    );

    expect((JSON.parse(stdout) as TransformOutcome[]).map(parsed)).toEqual([[{ a: 1 }], [{ a: 2 }]]);
    expect(await readdir(join(folder, 'without'))).toEqual(['index.mjs', 'index.mjs.map']);
  } finally {
    await rm(folder, { recursive: true });
  }
});
