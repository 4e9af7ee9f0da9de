import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { render } from './render-template.ts';

describe('one whole template keeps its type', () => {
  test.each([
    // paths
    ['{{ .outputs.trigger.service }}', '"billing"'],
    ['{{.outputs.trigger.service}}', '"billing"'],
    ['{{\n\t.outputs . trigger\n.service }}', '"billing"'],
    ['{{ .outputs["trigger"]["service"] }}', '"billing"'],
    ['{{ .["outputs"].trigger["service"] }}', '"billing"'],
    ['{{ ."outputs"."build-image".tag }}', '"v1"'],
    ['{{ .outputs["build-image"].tag }}', '"v1"'],
    ['{{ .outputs.trigger."name with space" }}', '"ok"'],
    ['{{ .outputs.trigger["größe"] }}', '"XL"'],
    ['{{ .outputs.trigger["gr\\u00f6\\u00DFe"] }}', '"XL"'],
    ['{{ .outputs.trigger["🎉"] }}', '"party"'],
    ['{{ .outputs.trigger["\\"q\\""] }}', '"quoted"'],
    ['{{ .outputs.trigger["}}"] }}', '"braces"'],
    ['{{ .outputs.trigger["{{"] }}', '"opening"'],
    ['{{ .outputs.trigger.tags[0] }}', '"a"'],
    ['{{ .outputs.trigger.tags[-1].c[0] }}', '1.50'],
    ['{{ .outputs.trigger.tags.[1] }}', '"b"'],
    // types, and numbers as they were written
    ['{{ .outputs.trigger.count }}', '3'],
    ['{{ .outputs.trigger.price }}', '1.10'],
    ['{{ .outputs.trigger.id }}', '12345678901234567890'],
    ['{{ .outputs.trigger.dryRun }}', 'false'],
    ['{{ .outputs.trigger.none }}', 'null'],
    ['{{ .outputs.trigger.tags }}', '["a","b",{"c":[1.50]}]'],
    ['{{ .outputs.trigger.meta }}', '{"x":1e2,"y":"{{ .no }}"}'],
    // missing
    ['{{ .nothing }}', 'null'],
    ['{{ .outputs.trigger.nothing.at.all[3]["x"] }}', 'null'],
    ['{{ .outputs.trigger.none.x }}', 'null'],
    ['{{ .outputs.trigger.tags[3] }}', 'null'],
    ['{{ .outputs.trigger.tags[-4] }}', 'null'],
    // names that every object has in JavaScript
    ['{{ .constructor }}', 'null'],
    ['{{ .outputs.__proto__ }}', 'null'],
    ['{{ .__proto__ }}', '{"polluted":true}'],
    ['{{ .outputs.trigger.tags | .[0] }}', '"a"'],
    // literals
    ['{{ "text" }}', '"text"'],
    ['{{ "\\" \\\\ \\/ \\b\\f\\n\\r\\t \\u20ac \\ud83c\\udf89" }}', '"\\" \\\\ / \\b\\f\\n\\r\\t € 🎉"'],
    ['{{ "two\nlines" }}', '"two\\nlines"'],
    ['{{ 12345678901234567890 }}', '12345678901234567890'],
    ['{{ -1.50e+3 }}', '-1.50e+3'],
    ['{{ true }}', 'true'],
    ['{{ false }}', 'false'],
    ['{{ null }}', 'null'],
    ['{{ [] }}', '[]'],
    ['{{ [ ] }}', '[]'],
    ['{{ {} }}', '{}'],
    ['{{{}}}', '{}'],
    ['{{ .nothing // {}}}', '{}'],
    // defaults
    ['{{ .nothing // "x" }}', '"x"'],
    ['{{ .outputs.trigger.none // "x" }}', '"x"'],
    ['{{ .outputs.trigger.dryRun // true }}', 'true'],
    ['{{ .outputs.trigger.empty // "x" }}', '""'],
    ['{{ .outputs.trigger.zero // 1 }}', '0'],
    ['{{ .nothing // .outputs.trigger.nothing // .outputs.trigger.count // 9 }}', '3'],
    ['{{ .nothing // null }}', 'null'],
    ['{{ .nothing // false }}', 'false'],
    // pipes
    ['{{ .outputs | .trigger | .service }}', '"billing"'],
    ['{{ .nothing // .outputs | .trigger.count }}', '3'],
    ['{{ .outputs.trigger.count | . }}', '3'],
    ['{{ .outputs | "x" }}', '"x"'],
    // times
    ['{{ now }}', '1705314600.25'],
    ['{{ now | date "2006-01-02T15:04:05Z" }}', '"2024-01-15T10:30:00Z"'],
    ['{{now|date"Mon, 02 Jan 2006 15:04:05.000 MST"}}', '"Mon, 15 Jan 2024 10:30:00.250 UTC"'],
    ['{{ now | todateiso8601 }}', '"2024-01-15T10:30:00Z"'],
    ['{{ .outputs.trigger.at | date "02.01.2006 15:04" }}', '"29.02.2024 10:00"'],
    ['{{ .outputs.trigger.count | todateiso8601 }}', '"1970-01-01T00:00:03Z"'],
    ['{{ .nothing | date "2006" }}', 'null'],
    ['{{ .nothing | date "2006" // "never" }}', '"never"'],
    ['{{ .nothing // now | date "2006" }}', '"2024"'],
    ['{{ now | date "2006 \\"\\u00fc\\" }}" }}', '"2024 \\"ü\\" }}"'],
  ])('%s', (template, expected) => {
    expect(render(template)).toBe(expected);
  });
});

describe('inside a longer string', () => {
  test.each([
    ['Deploying {{ .outputs.trigger.service }}…', 'Deploying billing…'],
    [' {{ .outputs.trigger.count }}', ' 3'],
    ['{{ .outputs.trigger.count }}{{ .outputs.trigger.price }}', '31.10'],
    ['id {{ .outputs.trigger.id }}', 'id 12345678901234567890'],
    ['{{ .nothing }}{{ .outputs.trigger.none }}.', '.'],
    ['{{ .nothing }}{{ .nothing }}', ''],
    ['{{ .outputs.trigger.dryRun }}!', 'false!'],
    ['{{ .outputs.trigger.tags }}!', '["a","b",{"c":[1.50]}]!'],
    ['{{ .outputs.trigger.meta }}!', '{"x":1e2,"y":"{{ .no }}"}!'],
    ['"{{ "\\"" }}"', '"""'],
    ['🎉{{ .outputs.trigger["🎉"] }}🎉', '🎉party🎉'],
    ['{{ "{{" }} .name }}', '{{ .name }}'],
    ['a }} b {{ 1 }} }}', 'a }} b 1 }}'],
  ])('%s', (template, expected) => {
    expect(JSON.parse(render(template))).toBe(expected);
  });

  test.each(['plain', 'a }} b', '{ {', '{', '', '\ud83c', '{% if %}'])(
    'without templates, %j is itself',
    (text) => {
      expect(JSON.parse(render(text))).toBe(text);
    },
  );
});

test('whatever stands between braces, it is rendered or at fault, within its columns', () => {
  const piece = fc.constantFrom(
    ...'{{ }} { } . .outputs ["trigger"] [0] [-1] | // date now "2006" "\\" \\ null [] {} -1 1e9 🎉 é x'.split(
      ' ',
    ),
    ' ',
    '\n',
  );
  const text = fc.oneof(
    fc.array(piece, { maxLength: 12 }).map((pieces) => `{{${pieces.join('')}`),
    fc.array(piece, { maxLength: 12 }).map((pieces) => `{{ ${pieces.join(' ')} }}`),
    fc.string({ unit: 'binary' }).map((inner) => `{{${inner}}}`),
  );
  fc.assert(
    fc.property(text, (template) => {
      const result = render(template);
      const column = /^(\d+): /.exec(result)?.[1];
      if (column === undefined) return void JSON.parse(result);
      expect(Number(column)).toBeGreaterThanOrEqual(1);
      expect(Number(column)).toBeLessThanOrEqual(Array.from(template).length);
    }),
    { numRuns: 1_000 },
  );
});

test('what is put together by the rules is read', () => {
  const name = fc.constantFrom(
    '.outputs',
    '.trigger',
    '.tags',
    '."at"',
    '["count"]',
    '[0]',
    '[-1]',
    '.nothing',
  );
  const path = fc
    .array(name, { minLength: 1, maxLength: 4 })
    .map((names) => names.join('').replace(/^\[/, '.['));
  const literal = fc.constantFrom(
    '"a }} {{ \\" b"',
    '-1.5e3',
    'true',
    'false',
    'null',
    '[]',
    '{}',
    '.',
    'now',
  );
  const date = fc.constantFrom('date "15:04"', 'todateiso8601');
  const stage = (...terms: fc.Arbitrary<string>[]) =>
    fc.array(fc.oneof(...terms), { minLength: 1, maxLength: 3 }).map((parts) => parts.join(' // '));
  const expression = fc
    .tuple(stage(path, literal), fc.array(stage(path, literal, date), { maxLength: 3 }))
    .map(([first, rest]) => `{{${[first, ...rest].join('|')}}}`);
  fc.assert(
    fc.property(expression, (template) => {
      // What is asked of values may still not be had of them.
      expect(render(template)).toMatch(/^(?!\d+: )|^\d+: an? \w+ (?:has no (?:member|element)|is no time)/);
    }),
    { numRuns: 1_000 },
  );
});

test('any string can be written as a literal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (text) => {
      expect(render(`{{ ${JSON.stringify(text)} }}`)).toBe(JSON.stringify(text));
    }),
  );
});
