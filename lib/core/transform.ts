/** A source's transform: code that turns the value of a record into events. */
export interface Transform {
  readonly language: 'javascript' | 'jmespath';
  /**
   * JavaScript with `function transform(payload, context) { … }`, or a JMESPath expression over the payload. At most
   * 64 KiB.
   */
  readonly code: string;
}

/** What a transform gets of one record. */
export interface TransformInput {
  /** The record's value as text, at most 1 MiB; undefined for a tombstone, which the transform sees as null. */
  readonly text: string | undefined;
  readonly context: TransformContext;
}

/** What a JavaScript transform sees of the record besides its value. */
export interface TransformContext {
  /** Names in lower case; headers whose value is not UTF-8 are left out. */
  readonly headers: Readonly<Record<string, string>>;
  /** Null where there is none, and where it is not UTF-8. */
  readonly key: string | null;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

/** Why a transform cannot be compiled. Line and column begin at 1. */
export interface TransformFault {
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
}
