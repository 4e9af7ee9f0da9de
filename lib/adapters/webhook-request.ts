import type { Dispatcher, Pool } from 'undici';
import type { Attempt, AttemptError } from '../core/attempt.ts';
import { retryAfterSeconds } from '../core/retry-schedule.ts';

/** What is sent, beside the method: POST. */
export interface WebhookRequest {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** How much of an answer is read. */
const mostAnswerBytes = 64 * 1024;
/** How much of a refusal's body is kept. */
const excerptBytes = 512;

export interface Outcome extends Pick<Attempt, 'statusCode' | 'excerpt' | 'retryAfterSeconds'> {
  /** Why there is no answer. */
  error?: Error | AttemptError;
}

/** One request on the pool, with a fresh connection or one that is kept. Resolves whatever happens, at the limit at the latest. */
export function dispatch(
  pool: Pool,
  request: WebhookRequest,
  limit: { ms: number; error: AttemptError },
  now: () => number,
): Promise<Outcome> {
  return new Promise((resolve) => {
    let controller: Dispatcher.DispatchController | undefined;
    let outcome: Outcome | undefined;
    let read = 0;
    let excerpt = '';
    let ended = false;
    const end = (result: Outcome) => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      resolve(result);
    };
    const answer = (): Outcome => ({ ...outcome, ...(excerpt && { excerpt }) });
    // A status within the time is an answer, even where the body never ends. The connection is closed all the same.
    const timer = setTimeout(() => {
      end(outcome ? answer() : { error: limit.error });
      controller?.abort(new Error(limit.error));
    }, limit.ms);

    pool.dispatch(
      { method: 'POST', ...request },
      {
        onRequestStart(started) {
          controller = started;
          if (ended) controller.abort(new Error(limit.error));
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
          if (refused && excerpt.length < excerptBytes)
            excerpt = (excerpt + chunk.toString('utf8')).slice(0, excerptBytes);
          if (read <= mostAnswerBytes) return;
          end(answer());
          controller?.abort(new Error('answer too long'));
        },
        onResponseEnd() {
          end(answer());
        },
        onResponseError(_, error) {
          end(outcome ? answer() : { error });
        },
      },
    );
  });
}
