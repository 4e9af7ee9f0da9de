import type { Redactor } from '../core/redaction.ts';

/** How much of an excerpt is kept. */
const mostBytes = 512;
/** More is read than kept: what is taken out of it makes it shorter. */
const mostReadBytes = 4096;

/** Control characters, line separators, and what turns the direction of text: a terminal or page would obey them. */
const unprintable = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu;

/** Collects the beginning of an answer's body for the trace. */
export interface AnswerExcerpt {
  add(chunk: Buffer): void;
  /**
   * What was collected: 512 bytes at most, whole characters, without control characters and without secrets.
   * @param isWhole whether the body came to its end
   */
  text(isWhole: boolean, redactor: () => Redactor): string;
}

export function createAnswerExcerpt(): AnswerExcerpt {
  const chunks: Buffer[] = [];
  let size = 0;
  let isCut = false;
  return {
    add(chunk) {
      const room = mostReadBytes - size;
      if (chunk.length > room) isCut = true;
      if (room <= 0) return;
      // A copy: the chunk is a part of what the socket read, which would be kept with it.
      const part = Buffer.from(chunk.subarray(0, room));
      chunks.push(part);
      size += part.length;
    },
    text(isWhole, redactor) {
      if (size === 0) return '';
      const text = wholeCharacters(Buffer.concat(chunks))
        .replace(/[\t\r\n]+/g, ' ')
        .replace(unprintable, '');
      const redacted = redactor().redact(text, isCut || !isWhole);
      return wholeCharacters(Buffer.from(redacted, 'utf8').subarray(0, mostBytes)).trim();
    },
  };
}

/** The text less a character at its end of which bytes are missing. */
function wholeCharacters(bytes: Buffer): string {
  return new TextDecoder().decode(bytes, { stream: true });
}
