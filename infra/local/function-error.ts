/** What a failed invocation answers, in Lambda's words. */
export interface FunctionFailure {
  readonly errorType: string;
  readonly errorMessage: string;
  /** The stack trace, a line each. */
  readonly trace?: readonly string[];
}

/** An invocation that failed: the handler threw, ran out of time, or its environment ended. */
export class FunctionError extends Error {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];

  constructor({ errorType, errorMessage, trace = [] }: FunctionFailure) {
    super(`${errorType}: ${errorMessage}`);
    this.name = 'FunctionError';
    this.errorType = errorType;
    this.errorMessage = errorMessage;
    this.trace = trace;
  }
}
