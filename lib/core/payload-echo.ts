/** The strings of a payload, with the colon behind those that are names of fields, and its numbers. */
const tokens = /"((?:[^"\\]|\\.)*)"(\s*:)?|-?\d[\d.eE+-]*/gs;
/** Shorter values may stand in any text. */
const leastLength = 8;
const mostValues = 1000;

/**
 * A text less the values of a payload that it echoes, plainly or as JSON: a receiver may answer with what it did not like.
 * Names of fields stay: they say what is wrong.
 * @param data the payload, as JSON
 */
export function withoutPayload(text: string, data: string): string {
  const found = new Set<string>();
  let count = 0;
  for (const [whole, written = whole, colon] of data.matchAll(tokens)) {
    if (colon !== undefined || written.length < leastLength) continue;
    if (++count > mostValues) break;
    if (text.includes(written)) found.add(written);
    const plain = written.includes('\\') ? (JSON.parse(`"${written}"`) as string) : written;
    if (text.includes(plain)) found.add(plain);
  }
  // The longest first: one may be a part of another.
  const ordered = [...found].sort((one, other) => other.length - one.length);
  return ordered.reduce((rest, value) => rest.replaceAll(value, '[redacted]'), text);
}
