/** The strings of a payload, with the colon behind those that are names of fields, and its numbers. */
const tokens = /"((?:[^"\\]|\\.)*)"(\s*:)?|-?\d[\d.eE+-]*/gs;
/** What a text and a value of the payload have in common goes when it has so many characters: less may stand in any text. */
const leastLength = 8;

/**
 * A text less what it echoes of a payload's values, wherever it cuts them, plainly, as JSON or as a form: a receiver may
 * answer with what it did not like. Names of fields stay: they say what is wrong. Takes time in proportion to both.
 * @param data the payload, as JSON
 */
export function withoutPayload(text: string, data: string): string {
  const places = placesByBeginning(text);
  const isEchoed = new Uint8Array(text.length);
  const look = (value: string) => {
    const folded = foldSpaces(value);
    for (let at = 0; at + leastLength <= folded.length; at++) {
      const piece = folded.slice(at, at + leastLength);
      for (const place of places.get(piece) ?? []) isEchoed.fill(1, place, place + leastLength);
      places.delete(piece);
    }
  };
  for (const [whole, written = whole, colon] of data.matchAll(tokens)) {
    if (colon !== undefined || written.length < leastLength) continue;
    look(written);
    if (written.includes('\\')) look(JSON.parse(`"${written}"`) as string);
  }
  return redactMarked(text, isEchoed);
}

/** Where each piece of a text begins that is long enough to be told from others. */
function placesByBeginning(text: string): Map<string, number[]> {
  const folded = foldSpaces(text);
  const places = new Map<string, number[]>();
  for (let at = 0; at + leastLength <= folded.length; at++) {
    const piece = folded.slice(at, at + leastLength);
    const known = places.get(piece);
    if (known) known.push(at);
    else places.set(piece, [at]);
  }
  return places;
}

/** Forms write spaces as plus signs. */
function foldSpaces(text: string): string {
  return text.replaceAll('+', ' ');
}

function redactMarked(text: string, isMarked: Uint8Array): string {
  let redacted = '';
  for (let at = 0; at < text.length; at++) {
    if (isMarked[at] === 0) redacted += text[at]!;
    else if (at === 0 || isMarked[at - 1] === 0) redacted += '[redacted]';
  }
  return redacted;
}
