interface ProblemForm {
  readonly status: number;
  readonly title: string;
  /** When a repeat of the call may do better. */
  readonly retryAfterSeconds?: number;
}

/** The kinds of error the API answers with. The list is closed and each name is stable: callers branch on it. */
const kinds = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  forbidden: { status: 403, title: 'The key does not allow this' },
  not_found: { status: 404, title: 'There is no such thing' },
  conflict: { status: 409, title: 'The request contradicts what is there' },
  call_in_flight: { status: 409, title: 'The same call is under way', retryAfterSeconds: 1 },
  too_large: { status: 413, title: 'The request is too large' },
  unsupported_media_type: { status: 415, title: 'The body is not JSON' },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key is that of another call' },
  unprocessable: { status: 422, title: 'The values do not say what they must' },
  template_error: { status: 422, title: 'The payload cannot be rendered' },
  unavailable: { status: 503, title: 'A store or cluster does not answer' },
  internal: { status: 500, title: 'Something failed on our side' },
} as const satisfies Record<string, ProblemForm>;

export type ProblemKind = keyof typeof kinds;

export const problems: Readonly<Record<ProblemKind, ProblemForm>> = kinds;

/** One fault of a field: `path` such as `config.url`, empty for the body itself. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** An error that the caller is to see, as RFC 9457 describes it. */
export class Problem extends Error {
  readonly kind: ProblemKind;
  readonly errors: readonly FieldError[];

  /**
   * @param detail what was wrong and what would be right, for a person
   * @param options its cause is for the log
   */
  constructor(
    kind: ProblemKind,
    detail: string,
    errors: readonly FieldError[] = [],
    options?: { readonly cause: unknown },
  ) {
    super(detail, options);
    this.kind = kind;
    this.errors = errors;
  }

  get status(): number {
    return problems[this.kind].status;
  }

  /** What the answer says in `Retry-After`, seconds. */
  get retryAfterSeconds(): number | undefined {
    return problems[this.kind].retryAfterSeconds;
  }

  /** The body of the answer, `application/problem+json`. */
  toJSON(): Record<string, unknown> {
    return {
      type: `urn:fanout:problem:${this.kind}`,
      title: problems[this.kind].title,
      status: this.status,
      detail: this.message,
      ...(this.errors.length > 0 && { errors: this.errors }),
    };
  }
}

/** How many fields are wrong, as the beginning of a sentence. */
export function fieldsNotValid({ length }: readonly FieldError[]): string {
  return `${length} field${length === 1 ? ' is' : 's are'} not valid`;
}

/** The problem for something that is not there, or that the caller may not know to be there. */
export function notFound(what: string, id: string): Problem {
  return new Problem('not_found', `There is no ${what} '${id.slice(0, 100)}'.`);
}
