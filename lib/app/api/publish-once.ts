import { createHash, randomUUID } from 'node:crypto';
import { callPlaceOf, randomCallPlace } from '../../core/call-place.ts';
import type { PublishCalls } from '../ports/publish-calls.ts';
import type { PublishCall } from '../publish-events.ts';
import { Problem } from './problem.ts';

export interface PublishOnceDependencies {
  readonly calls: PublishCalls;
  /** Makes the numbers of calls out of their keys. */
  readonly callSecret: string;
  readonly now: () => number;
}

/** A call as it came. */
export interface IncomingCall {
  readonly orgId: string;
  /** What is called, such as `events`. */
  readonly operation: string;
  /** The body as it was sent. */
  readonly text: string;
  /** The header Idempotency-Key, checked. */
  readonly idempotencyKey: string | undefined;
  /** The header traceparent, which what is published carries on. */
  readonly traceparent?: string;
}

/** What a call keeps, so that whoever continues it goes on with the very same. */
export interface CallMemory {
  /** What an earlier invocation of the call has kept. */
  readonly kept?: string;
  /** Nothing is to become visible before it resolves. Without a key nobody continues the call, and nothing is kept. */
  keep(text: string): Promise<void>;
  /**
   * Nothing of what was kept has become visible: whoever continues the call is to make it anew.
   * @returns whether the call is still ours: otherwise another goes on with it, and nothing is to be undone
   */
  forget(): Promise<boolean>;
}

/** Longer than an invocation lasts, so that what another takes over nobody works on. */
const leaseMs = 35_000;

/**
 * Makes a publish call, once for each Idempotency-Key of an org; without a key, each time.
 * @param publish makes it, and is to make the same of the same call when it is continued
 * @returns the call's answer, when it was made before as it was given then
 * @throws Problem for a key that another call has, or whose call is under way
 */
export async function publishOnce<Answer>(
  { calls, callSecret, now }: PublishOnceDependencies,
  { orgId, operation, text, idempotencyKey: key }: IncomingCall,
  publish: (call: PublishCall, memory: CallMemory) => Promise<Answer>,
): Promise<Answer> {
  if (key === undefined) {
    const call = { place: randomCallPlace(), startedMs: now(), isContinued: false };
    return publish(call, { keep: async () => {}, forget: async () => true });
  }
  const fingerprint = createHash('sha256').update(`${operation}\n${text}`).digest('base64url');
  const call = { orgId, key, fingerprint };
  const lease = { id: randomUUID(), untilMs: now() + leaseMs };
  const standing = await calls.begin(call, lease);
  if (standing.is === 'answered') return JSON.parse(standing.answer) as Answer;
  if (standing.is !== 'ours') throw refusal(standing.is);
  const { startedMs, isContinued, kept } = standing;
  const keep = async (text: string) => {
    if (!(await calls.keep(call, lease, text))) throw refusal('in_flight');
  };
  const forget = () => calls.forget(call, lease);
  try {
    const place = callPlaceOf(callSecret, orgId, key, startedMs);
    const answer = await publish({ place, startedMs, isContinued }, { kept, keep, forget });
    await calls.finish(call, lease, JSON.stringify(answer));
    return answer;
  } catch (error) {
    // Where this fails too the lease ends by itself.
    await calls.release(call, lease).catch(() => {});
    throw error;
  }
}

function refusal(reason: 'in_flight' | 'other_call'): Problem {
  return reason === 'in_flight'
    ? new Problem('call_in_flight', 'A call with this Idempotency-Key is under way; try again in a moment.')
    : new Problem(
        'idempotency_key_reused',
        'Another call had this Idempotency-Key, with another body or path: repeat that as it was, or take a new key.',
      );
}
