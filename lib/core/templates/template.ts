import { type Expression, parseExpression } from './expression.ts';
import { TemplateError } from './template-error.ts';

/** A string with templates in it: text as it stands, and expressions whose values stand in their places. */
export type Template = readonly (string | Expression)[];

/** Characters of a string that holds templates. */
export const mostTemplateCharacters = 4_096;

const open = '{{';

/** Whether a string holds templates at all. */
export function isTemplate(text: string): boolean {
  return text.includes(open);
}

/**
 * Reads a string such as `Deployed {{ .outputs["build-image"].tag // "latest" }}`. Between `{{` and `}}` stands a
 * subset of jq, and means what it means in jq, with `date` beside it:
 * - paths: `.` (everything), `.outputs.build.tag`, `.outputs["build-image"]`, `."a name"`, `.items[0]`, `.items[-1]`
 * - literals: `"text"` with JSON's escapes, numbers, `true`, `false`, `null`, `[]`, `{}`
 * - `one // other`: the other where the one is null, missing or false
 * - `value | stage`: what the stage makes of the value. A stage is any of the above, or
 * - `date "2006-01-02"`: a time, RFC 3339 or unix seconds, in UTC as a layout of Go's time package says;
 *   null stays null. `todateiso8601` is `date "2006-01-02T15:04:05Z"`
 * - `now`: the time of the call, in unix seconds with milliseconds
 *
 * Neither all of jq, nor an implementation of it that others keep. jq itself, as WebAssembly, would be loaded with each cold start of
 * a function that answers in milliseconds, and ports of it to JavaScript lack parts as well. All of jq is a language with recursion
 * and generators: what one org writes could run without end, or fill the memory, and would have to run in a sandbox. These
 * expressions have no loops, so their time is bounded by their text; a fault is told with its column in the payload's string; and
 * numbers stay as they were written, whatever their size.
 *
 * `|` binds less than `//`. A literal `{{` is written `{{ "{{" }}`; a `}}` outside of templates is just text.
 * @returns at least one part, and one expression; a string that is one whole template has nothing else
 * @throws TemplateError at the first fault
 */
export function parseTemplate(text: string): Template {
  if (text.length > mostTemplateCharacters) {
    throw new TemplateError(
      `a string with templates has ${mostTemplateCharacters} characters at most, and this one ${text.length}`,
      0,
    );
  }
  const parts: (string | Expression)[] = [];
  let at = 0;
  for (;;) {
    const opening = text.indexOf(open, at);
    const plain = text.slice(at, opening < 0 ? text.length : opening);
    if (plain !== '') parts.push(plain);
    if (opening < 0) return parts;
    const { expression, end } = parseExpression(text, opening);
    parts.push(expression);
    at = end;
  }
}
