/** A publish call that may be repeated. */
export interface KeyedCall {
  readonly orgId: string;
  /** Its Idempotency-Key. */
  readonly key: string;
  /** The same for the same call: of what is called and the body. */
  readonly fingerprint: string;
}

/** The right to work on a call, for some time. */
export interface CallLease {
  readonly id: string;
  /** When another may take the call over, milliseconds since 1970. */
  readonly untilMs: number;
}

export type CallStanding =
  /**
   * Ours to make. `startedMs`: when it was made first; continued: an earlier invocation may have left a part of its work,
   * and may have kept something.
   */
  | { readonly is: 'ours'; readonly startedMs: number; readonly isContinued: boolean; readonly kept?: string }
  | { readonly is: 'answered'; readonly answer: string }
  | { readonly is: 'in_flight' }
  | { readonly is: 'other_call' };

export interface PublishCalls {
  /**
   * Begins a call, or goes on with one that was given up. Of many at once exactly one gets it. A key means its first call
   * for the idempotency window.
   */
  begin(call: KeyedCall, lease: CallLease): Promise<CallStanding>;
  /**
   * Keeps something of up to some megabytes for whoever continues the call, until it is finished.
   * @returns whether the call is still the lease's: otherwise another has taken it over, and nothing was kept
   */
  keep(call: KeyedCall, lease: CallLease, text: string): Promise<boolean>;
  /**
   * Forgets what was kept: nothing of it was published, and whoever continues the call begins anew.
   * @returns whether the call is still the lease's
   */
  forget(call: KeyedCall, lease: CallLease): Promise<boolean>;
  /** Keeps the answer for repeats, unless another has taken the call over. */
  finish(call: KeyedCall, lease: CallLease, answer: string): Promise<void>;
  /** Gives the call up, so that a repeat may go on at once. */
  release(call: KeyedCall, lease: CallLease): Promise<void>;
}
