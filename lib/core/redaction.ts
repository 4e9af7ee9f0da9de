/** Shorter secrets cannot be told from other text; what stands for them would give them away. */
const leastLength = 4;

/** Takes secrets out of a text. */
export interface Redactor {
  /**
   * @param isCut whether the text goes on: what its end has of a secret, the rest of which was not read, goes too
   * @returns the text with `[redacted]` for each secret
   */
  readonly redact: (text: string, isCut: boolean) => string;
}

/** @param secrets in any order, as they are; those under 4 characters are left alone */
export function createRedactor(secrets: Iterable<string>): Redactor {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret.length >= leastLength) for (const form of formsOf(secret)) forms.add(form);
  }
  if (forms.size === 0) return { redact: (text) => text };
  // The longest first: a header's value before the token inside it.
  const ordered = [...forms].sort((one, other) => other.length - one.length);
  const pattern = new RegExp(ordered.map(escaped).join('|'), 'g');
  return {
    redact(text, isCut) {
      const redacted = text.replace(pattern, '[redacted]');
      const begun = isCut ? Math.max(...ordered.map((form) => begunAtEnd(redacted, form))) : 0;
      return begun > 0 ? `${redacted.slice(0, -begun)}[redacted]` : redacted;
    },
  };
}

/** The ways in which a receiver that echoes what it got would write it: in JSON, in a URL, in HTML, or plainly. */
function* formsOf(secret: string): Generator<string> {
  // Receivers that take a header's bytes for Latin-1.
  const bytes = Buffer.from(secret, 'utf8').toString('latin1');
  for (const text of new Set([secret, bytes])) {
    const json = JSON.stringify(text).slice(1, -1);
    yield text;
    yield json;
    yield json.replaceAll('/', '\\/');
    yield json.replace(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
    if (text.isWellFormed()) yield encodeURIComponent(text);
    // As a form is encoded, which is another set of characters.
    yield new URLSearchParams([['', text]]).toString().slice(1);
    yield text.replace(/[&<>"']/g, (character) => htmlEntities[character]!);
  }
}

const htmlEntities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** How many characters at the end of the text are the beginning of the secret. */
function begunAtEnd(text: string, secret: string): number {
  const last = text.at(-1);
  for (let length = Math.min(secret.length - 1, text.length); length >= leastLength; length--) {
    if (secret[length - 1] === last && text.endsWith(secret.slice(0, length))) return length;
  }
  return 0;
}
