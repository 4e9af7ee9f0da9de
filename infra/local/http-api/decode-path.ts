/** A path holds a malformed escape such as `%zz`: 400. */
export class MalformedPath extends Error {}

/** Decodes percent escapes. @throws MalformedPath */
export function decodePath(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new MalformedPath(`"${text}" holds a malformed escape`);
  }
}
