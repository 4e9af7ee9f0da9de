import jmespath from 'jmespath';
import { describe, expect, test } from 'vitest';
import { createPartitionKeys } from '../../lib/adapters/jmespath-partition-keys.ts';

const keys = createPartitionKeys();
const event = {
  id: 'evt_1',
  eventType: 'orders',
  timeMs: 1704067200_999,
  headers: { source: 'shop', topic: 'mine' },
  data: `{
    "customer_id": "cus_1", "count": 1000000, "large": 12345678901234567890, "price": 1.10, "exponent": 1e21,
    "million": 1e+06, "million_too": 1e6, "minus": -1.50E3, "none": 0.0e9, "small": 1.5e-7, "digits": 1e399,
    "huge": 1e400, "huger": 1e999999999999, "zero": 0, "yes": true, "no": false, "empty": "", "nothing": null, "unicode": "日本",
    "list": [1, 2.50, {"x": "y"}], "object": {"z": 1.0, "a": [ ]}, "items": [{"sku": "a", "p": 1.10}, {"sku": "b", "p": 2}],
    "toString": "own", "__proto__": {"admin": "own proto"}
  }`,
};

describe('a key', () => {
  test.each([
    ['data.customer_id', 'cus_1'],
    ['data.count', '1000000'],
    ['data.large', '12345678901234567890'],
    ['data.price', '1.10'],
    ['data.exponent', '1000000000000000000000'],
    ['data.million', '1000000'],
    ['data.million_too', '1000000'],
    ['data.minus', '-1500'],
    ['data.none', '0'],
    ['data.small', '1.5e-7'],
    ['data.digits', `1${'0'.repeat(399)}`],
    ['to_string(data.million)', '1000000'],
    ['[data.million, data.exponent]', '[1000000,1000000000000000000000]'],
    ['data.zero', '0'],
    ['data.yes', 'true'],
    ['data.no', 'false'],
    ['data.unicode', '日本'],
    ['data.list', '[1,2.50,{"x":"y"}]'],
    ['data.list[1]', '2.50'],
    ['data.list[-1].x', 'y'],
    ['data.object', '{"z":1.0,"a":[]}'],
    ['data.items[*].sku', '["a","b"]'],
    ['data.items[?p > `1.05`].p', '[1.10,2]'],
    ['data.items[?sku == `"b"`] | [0].p', '2'],
    ['sum(data.items[].p)', '3.1'],
    ['to_string(data.price)', '1.10'],
    ["join('-', [data.customer_id, metadata.source])", 'cus_1-shop'],
    ['data.missing || data.price', '1.10'],
    ['{a: data.price, b: data.object}', '{"a":1.10,"b":{"z":1.0,"a":[]}}'],
    ['abs(`-1e22`)', '10000000000000000000000'],
    ['metadata.source', 'shop'],
    ['metadata.topic', 'orders'],
    ['metadata.timestamp', '1704067200'],
    ['metadata."event-id"', 'evt_1'],
    ['metadata."content-type"', 'application/json'],
    // Own members are data, whatever their names.
    ['data.toString', 'own'],
    ['data."__proto__".admin', 'own proto'],
  ])('%s is %s', (template, key) => {
    expect(keys.fault(template)).toBeUndefined();
    expect(keys.keyOf(template, event)).toBe(key);
  });

  test.each([
    undefined,
    '',
    ' ',
    'data.missing',
    'data.nothing',
    'data.empty',
    'data.customer_id[0]',
    'data.list[9]',
    'data.list.length',
    // Too long without its exponent.
    'data.huge',
    'data.huger',
    // Fails on this data.
    'join(`","`, data.count)',
    'avg(`[]`)',
    // No expression; such a template could only have been saved by an older version.
    'data.',
    'nothing(data)',
  ])('of %j is the event’s id', (template) => {
    expect(keys.keyOf(template, event)).toBe('evt_1');
  });

  test('is the event’s id for data nested beyond what can be read', () => {
    const data = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(keys.keyOf('data[0]', { ...event, data })).toBe('evt_1');
    expect(keys.keyOf('data[*]', { ...event, data })).toBe('evt_1');
  });

  test('is the event’s id where it would be longer than 64 KiB', () => {
    const text = 'x'.repeat(64 * 1024);
    expect(keys.keyOf('data', { ...event, data: `"${text}"` })).toBe(text);
    expect(keys.keyOf('data', { ...event, data: `"${text}x"` })).toBe('evt_1');
  });
});

describe('a hostile template', () => {
  test.each([
    'data.constructor',
    'data.hasOwnProperty',
    'metadata.constructor',
    'data.list.constructor',
    'data.customer_id.constructor.constructor',
    'data.price.text',
    'data.object."__proto__"',
    'data.object."__proto__".constructor',
    'not_null(data.object.x, data.object.hasOwnProperty)',
    '{a: data}.constructor',
    '{a: data} | constructor',
    '{"__proto__": data} | admin',
    '`{}`."__proto__"',
    '`{}`.constructor',
    '[data][*].constructor',
    'map(&constructor, [`{}`])',
    'sort_by(data.items, &constructor)',
    'values(@)[*].constructor',
  ])('%s reaches nothing beyond the data', (template) => {
    expect(keys.keyOf(template, event)).toBe('evt_1');
  });

  test.each([
    `${'[@,@,@,@]|'.repeat(25)}@`,
    `${'{a:@,b:@,c:@}|'.repeat(18)}@`,
    `${'[@,@,@]|'.repeat(20)}${'[]|'.repeat(20)}@`,
    `[@,@,@,@]${'[]|[@,@,@,@]'.repeat(20)}`,
    `data.a${"|join('',[@,@,@,@,@,@,@,@])".repeat(8)}`,
    `data.a${'|to_string([@])'.repeat(15)}`,
    'join(data.a, [join(data.a, [join(data.a, data.b)])])',
    'map(&[@,@,@,@,@,@,@,@,@], data[*].[@,@,@,@,@,@,@,@,@][])',
  ])('that repeats its data without end is never evaluated: %s', (template) => {
    let searches = 0;
    const counting = createPartitionKeys({ search: () => searches++ });
    expect(counting.fault(template)).toBe('repeats its data more than 64 times');
    expect(counting.keyOf(template, event)).toBe('evt_1');
    expect(searches).toBe(0);
  });

  test.each([
    '[@,@,@,@]|[@,@,@,@]|[@,@,@,@]',
    "join('-', [data.customer_id, metadata.source, metadata.topic, data.list[0], to_string(data.object)])",
    `[${Array.from({ length: 60 }, () => 'a').join()}]`,
    'data.items[?p > `1.05`].{sku: sku, p: p}',
  ])('%s does not repeat it too often', (template) => {
    expect(keys.fault(template)).toBeUndefined();
  });

  test('that takes a moment too long is stopped', () => {
    const busy = createPartitionKeys({
      search: () => {
        for (;;);
      },
    });
    expect(busy.keyOf('data.*', event)).toBe('evt_1');
  });

  test('whose thread had no processor meanwhile is tried again, some times', () => {
    let [tries, stops] = [0, 9];
    const starved = createPartitionKeys({
      threadMs: () => 0,
      within: (_, step) => {
        tries++;
        if (stops-- > 0) return false;
        step();
        return true;
      },
    });
    expect(starved.keyOf("join('', [data.customer_id])", event)).toBe('cus_1');
    stops = Infinity;
    expect(starved.keyOf("join('', [data.customer_id])", event)).toBe('evt_1');
    expect(tries).toBe(20);
  });

  test('sees no more than 16 KiB of data, unless it is a path', () => {
    const data = (length: number) => ({ ...event, data: `{"a":"${'x'.repeat(length - 8)}"}` });
    expect(keys.keyOf("join('', [data.a])", data(16_384))).toHaveLength(16_376);
    expect(keys.keyOf("join('', [data.a])", data(16_385))).toBe('evt_1');
    expect(keys.keyOf('data.a', data(16_385))).toHaveLength(16_377);
  });
});

describe('the time of an endpoint', () => {
  /** Each evaluation takes so long of a clock that nothing else moves. */
  const startClock = (takesMs: number) => {
    const clock = { nowMs: 0, searches: 0, rests: [] as string[] };
    const timed = createPartitionKeys({
      now: () => clock.nowMs,
      threadMs: () => clock.nowMs,
      within: (_, step) => {
        step();
        return true;
      },
      search: (input, expression) => {
        clock.searches++;
        clock.nowMs += takesMs;
        return jmespath.search(input, expression);
      },
      onRest: (endpointId) => clock.rests.push(endpointId),
    });
    const keysOf = (endpoint: string, count: number, template = "join('', [data.customer_id])") =>
      Array.from({ length: count }, () => timed.keyOf(template, event, endpoint));
    return { clock, keysOf };
  };

  test('is used up by slow keys: for a minute it gets the events’ ids, which is said once', () => {
    const { clock, keysOf } = startClock(41);
    expect(keysOf('slow', 100)).toEqual([
      ...Array<string>(3).fill('cus_1'),
      ...Array<string>(97).fill('evt_1'),
    ]);
    expect(clock).toMatchObject({ searches: 3, rests: ['slow'] });
    // Its plain paths cost nothing, and others have time of their own.
    expect(keysOf('slow', 1, 'data.customer_id')).toEqual(['cus_1']);
    expect(keysOf('other', 1)).toEqual(['cus_1']);

    clock.nowMs = 3 * 41 + 59_999;
    expect(keysOf('slow', 1)).toEqual(['evt_1']);
    clock.nowMs = 3 * 41 + 60_000;
    expect(keysOf('slow', 1)).toEqual(['cus_1']);
    expect(clock.rests).toEqual(['slow']);
  });

  test('is not used up by keys that take no more than a millisecond, or by few that are slow', () => {
    const quick = startClock(1);
    expect(new Set(quick.keysOf('quick', 1_000))).toEqual(new Set(['cus_1']));
    const few = startClock(41);
    for (let window = 0; window < 5; window++) {
      expect(few.keysOf('few', 2)).toEqual(['cus_1', 'cus_1']);
      few.clock.nowMs += 10_000;
    }
    expect(few.clock.rests).toEqual([]);
  });
});

describe('a fault says what is wrong, and where', () => {
  test.each([
    ['data.', 'is no JMESPath: a name is missing after a dot (at character 6)'],
    ['data..x', 'is no JMESPath: a name is missing after a dot (at character 6)'],
    ['data.#', 'is no JMESPath: Unknown character:# (at character 7)'],
    ['data.a]', 'is no JMESPath: Unexpected token type: Rbracket, value: ] (at character 7)'],
    ['data.a b', 'is no JMESPath: Unexpected token type: UnquotedIdentifier, value: b (at character 8)'],
    ['data[', 'is no JMESPath: Expected Star, got: EOF (at character 6)'],
    ['data.a[?b = `1`]', 'is no JMESPath: Unknown operator: =, did you mean ==? (at character 11)'],
    ['nothing(data)', 'uses a function that does not exist: nothing()'],
    ['not_null(data.a, data.constructor)', 'uses the name constructor, which can stand only in a plain path'],
    ['a'.repeat(257), 'has 257 characters; the most is 256'],
  ])('%s', (template, fault) => {
    expect(keys.fault(template)).toBe(fault);
  });

  test('an empty template is none, and has none', () => {
    expect(keys.fault('')).toBeUndefined();
    expect(keys.fault('a'.repeat(256))).toBeUndefined();
  });
});
