import { stringifyRaw } from '../../core/raw-json.ts';

/** What parts of an answer that can grow may take together; Lambda answers 6 MB at most, and the rest needs its place. */
export const mostAnswerBytes = 4_000_000;

/** Bytes of a value in an answer. Lambda hands a body on as a string within JSON, so quotes and backslashes count twice. */
export function answerBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(stringifyRaw(value)));
}
