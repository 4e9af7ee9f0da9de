/** A place in a payload: member names and indexes, as `payload.data.items[0]["a name"]`. */
export type PayloadPath = readonly (string | number)[];

const mostCharacters = 200;

/** The place as text, cut at 200 characters. */
export function writePath(path: PayloadPath): string {
  let text = 'payload';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += /^[A-Za-z_$][\w$]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
    if (text.length > mostCharacters) return `${text.slice(0, mostCharacters)}…`;
  }
  return text;
}
