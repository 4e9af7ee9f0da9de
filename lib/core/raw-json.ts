import { randomUUID } from 'node:crypto';

/** JSON text that is to stand in other JSON as it is, so that no number in it is read and written again. */
export class RawJson {
  readonly text: string;

  /** @param text valid JSON */
  constructor(text: string) {
    this.text = text;
  }
}

/** `JSON.stringify`, but with each RawJson in the value put in as it stands. */
export function stringifyRaw(value: unknown): string {
  const raw: string[] = [];
  const mark = randomUUID();
  const text = JSON.stringify(value, (_, member: unknown) =>
    member instanceof RawJson ? `${mark}${raw.push(member.text) - 1}` : member,
  );
  return raw.length === 0
    ? text
    : text.replace(new RegExp(`"${mark}(\\d+)"`, 'g'), (_, index) => raw[Number(index)]!);
}
