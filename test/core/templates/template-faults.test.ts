import { describe, expect, test } from 'vitest';
import { render } from './render-template.ts';

describe('a fault names its column', () => {
  test.each([
    ['{{ .a', /^1: this \{\{ has no closing \}\}/],
    ['abc {{ .a | ', /^5: this \{\{ has no closing \}\}/],
    ['{{ .a }} {{ .b', /^10: this \{\{ has no closing \}\}/],
    ['{{', /^1: this \{\{ has no closing \}\}/],
    ['{{ .a["', /^7: this string has no closing quote/],
    ['{{ "abc }}', /^4: this string has no closing quote/],
    ['{{ }}', /^4: expected a path such as .outputs, a literal or a function, not \}\}/],
    ['{{ .a | }}', /^9: expected a path/],
    ['{{ .a // }}', /^10: expected a path/],
    ['{{ | .a }}', /^4: expected a path/],
    ['{{ .a .. b }}', /^8: expected a name, not \./],
    ['{{ ..a }}', /^5: expected \|, \/\/ or \}\}, not \./],
    ['{{ .a. }}', /^8: expected a name, not \}\}/],
    ['{{ .items.0 }}', /^11: expected a name, not 0; .*in quotes/],
    ['{{ .a b }}', /^7: expected \|, \/\/ or \}\}, not b/],
    ['{{ .a.step-1 }}', /^11: expected \|, \/\/ or \}\}, not -1; .*\.outputs\["my-node"\]/],
    ['{{ .outputs.build-image.tag }}', /^18: "-" has no meaning here; .*\.outputs\["my-node"\]/],
    ['{{ .größe }}', /^7: "ö" has no meaning here; .*in quotes/],
    ['🎉🎉{{ .a ? }}', /^9: "\?" has no meaning here$/],
    ['{{ .a["🎉"] 🎉 }}', /^12: "🎉" has no meaning here$/],
    ['{{ (.a) }}', /^4: "\(" has no meaning here/],
    ['{{ .a + 1 }}', /^7: "\+" has no meaning here/],
    ['{{ .a } }', /^7: "\}" has no meaning here/],
    ['{{{ .a }}}', /^3: "\{" has no meaning here/],
    ['{{ .a[] }}', /^7: expected a whole number or a name in quotes, not \]/],
    ['{{ .a[1.5] }}', /^7: expected a whole number/],
    ['{{ .a[1e999] }}', /^7: expected a whole number/],
    ['{{ .a[b] }}', /^7: expected a whole number or a name in quotes, not b/],
    ['{{ .a[1:2] }}', /^8: ":" has no meaning here/],
    ['{{ .a["b" }}', /^11: expected \], not \}\}/],
    ['{{ [1] }}', /^5: expected \], for arrays other than \[\] cannot be written here, not 1/],
    ['{{ 01 }}', /^5: expected \|/],
    ['{{ outputs.a }}', /^4: there is no function outputs, .*as \.outputs$/],
    ['{{ now | upper }}', /^10: there is no function upper/],
    ['{{ constructor }}', /^4: there is no function constructor/],
    ['{{ date "2006" }}', /^4: date takes the value before a \|/],
    ['{{ .a // todateiso8601 }}', /^10: todateiso8601 takes the value before a \|/],
    ['{{ now | date }}', /^15: expected a layout in quotes/],
    ['{{ now | date 2006 }}', /^15: expected a layout in quotes/],
    ['{{ now | date "yyyy-MM-dd" }}', /^15: the layout has no part of Go's reference time/],
    ['{{ now | todateiso8601 "2006" }}', /^24: expected \|/],
    ['{{ "a\\x" }}', /^6: \\x is no escape/],
    ['{{ "a\\u12" }}', /^6: \\u is no escape/],
    ['{{ "\\(.a)" }}', /^5: \\\( is no escape/],
    [`{{ .a${' | .'.repeat(33)} }}`, /^135: a template has 32 pipes at most/],
    [
      `{{ .a }}${'x'.repeat(4089)}`,
      /^1: a string with templates has 4096 characters at most, and this one 4097/,
    ],
    // Found only when it is rendered.
    ['{{ .outputs.trigger.service.x }}', /^29: a string has no member "x"/],
    ['{{ .outputs.trigger.count["x"] }}', /^27: a number has no member "x"/],
    ['{{ .outputs.trigger.dryRun.x }}', /^28: a boolean has no member "x"/],
    ['{{ .outputs.trigger.tags.x }}', /^26: an array has no member "x"/],
    ['{{ .outputs.trigger[0] }}', /^21: an object has no element \[0\]/],
    ['{{ .outputs.trigger.service[0] }}', /^29: a string has no element \[0\]/],
    ['🎉 {{ .outputs.trigger.service | date "2006" }}', /^33: a string is no time unless/],
    ['{{ .outputs.trigger.tags | todateiso8601 }}', /^28: an array is no time/],
    ['{{ .outputs.trigger.dryRun | date "2006" }}', /^30: a boolean is no time/],
    ['{{ .outputs.trigger.id | date "2006" }}', /^26: a number is no time/],
  ])('%s', (template, expected) => {
    expect(render(template)).toMatch(expected);
  });
});

test('templates of the greatest size are read', () => {
  expect(render(`{{ .outputs${' | .'.repeat(31)} | .trigger.count }}`)).toBe('3');
  expect(render(`{{ .nothing }}${'x'.repeat(4082)}`)).toHaveLength(4084);
});
