import type { Dispatcher, Pool } from 'undici';
import type { Attempt, AttemptError } from '../core/attempt.ts';
import type { Redactor } from '../core/redaction.ts';
import { retryAfterSeconds } from '../core/retry-schedule.ts';
import { afterIdle } from './after-idle.ts';
import { createAnswerExcerpt } from './answer-excerpt.ts';

/** What is sent, beside the method: POST. */
export interface WebhookRequest {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  /** Takes out of an answer what must not be kept of it. */
  redactor(): Redactor;
}

/** How much of an answer is read. */
const mostAnswerBytes = 64 * 1024;

export interface Outcome extends Pick<Attempt, 'statusCode' | 'excerpt' | 'retryAfterSeconds'> {
  /** Why there is no answer. */
  error?: Error | AttemptError;
}

/** The most that a request may take. */
export interface RequestLimit {
  readonly ms: number;
  /** What it is called when that is over. */
  readonly error: AttemptError;
  /** Milliseconds that it may wait without our being busy; then it is aborted. */
  readonly patienceMs?: number;
}

/** One request on the pool, with a fresh connection or one that is kept. Resolves whatever happens, at the limit at the latest. */
export function dispatch(
  pool: Pool,
  request: WebhookRequest,
  limit: RequestLimit,
  now: () => number,
): Promise<Outcome> {
  return new Promise((resolve) => {
    let controller: Dispatcher.DispatchController | undefined;
    let outcome: Outcome | undefined;
    let read = 0;
    const excerpt = createAnswerExcerpt();
    let ended = false;
    /** @param error why there is no answer, if there is none; else the body is not whole */
    const end = (error?: Error | AttemptError) => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      stopWaiting();
      if (!outcome) return resolve({ error });
      const text = excerpt.text(error === undefined, () => request.redactor());
      resolve({ ...outcome, ...(text && { excerpt: text }) });
    };
    // A status within the time is an answer, even where the body never ends. The connection is closed all the same.
    const stop = (error: AttemptError) => {
      end(error);
      abort(controller, error);
    };
    const timer = setTimeout(() => stop(limit.error), limit.ms);
    const { patienceMs } = limit;
    const stopWaiting = patienceMs === undefined ? () => {} : afterIdle(patienceMs, () => stop('aborted'));

    pool.dispatch(
      { method: 'POST', path: request.path, headers: request.headers, body: request.body },
      {
        onRequestStart(started) {
          controller = started;
          if (ended) abort(controller, 'ended');
        },
        onResponseStart(_, statusCode, headers) {
          if (statusCode < 200) return;
          const retryAfter = headers['retry-after'];
          const text = Array.isArray(retryAfter) ? retryAfter[0] : retryAfter;
          outcome = { statusCode, retryAfterSeconds: retryAfterSeconds(text, now()) };
        },
        onResponseData(_, chunk) {
          read += chunk.length;
          const refused = outcome?.statusCode !== undefined && outcome.statusCode >= 300;
          if (refused) excerpt.add(chunk);
          if (read <= mostAnswerBytes) return;
          const tooLong = new Error('answer too long');
          end(tooLong);
          abort(controller, tooLong.message);
        },
        onResponseEnd() {
          end();
        },
        onResponseError(_, error) {
          end(error);
        },
      },
    );
  });
}

/**
 * Ends the request. undici makes an error of its own for it, whose stack Node.js looks at: for the first one it would read the
 * source maps of the whole bundle, 0.2 s of CPU in an environment that has just started.
 */
function abort(controller: Dispatcher.DispatchController | undefined, why: string): void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    controller?.abort(new Error(why));
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
