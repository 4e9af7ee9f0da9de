/** Thrown while a template is read or rendered; caught where its string is, which knows the column and the path. */
export class TemplateError extends Error {
  /** Where in the string, as an index of its UTF-16 units. */
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** The place as people count it: the first character is 1, and one outside of the basic plane is one. */
export function columnOf(text: string, at: number): number {
  return Array.from(text.slice(0, at)).length + 1;
}
