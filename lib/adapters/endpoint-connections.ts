import { type Dispatcher, Pool } from 'undici';
import type { Attempt, AttemptError } from '../core/attempt.ts';
import { retryAfterSeconds } from '../core/retry-schedule.ts';
import type { AddressGuard } from './address-guard.ts';
import { errorClass, isConnectionReset } from './connection-errors.ts';

/** What is sent, beside the method: POST. */
export interface WebhookRequest {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

const connections = 16;
/** Requests at once until the endpoint has answered one well: it may be down, or not able to take more. */
const cautiousRequests = 4;
const connectTimeoutMs = 5_000;
/** How much of an answer is read. */
const mostAnswerBytes = 64 * 1024;
/** How much of a refusal's body is kept. */
const excerptBytes = 512;

/** A request's place in line. */
interface Turn {
  waiting: boolean;
  readonly deadlineMs: number;
  start(): void;
  giveUp(): void;
}

/** The connections to one endpoint: requests beyond what it may have at once wait in line. */
export class EndpointConnections {
  readonly #pool: Pool | undefined;
  readonly #now: () => number;
  readonly #line: Turn[] = [];
  #running = 0;
  #answeredWell = false;

  constructor(origin: string, guard: AddressGuard, now: () => number) {
    this.#now = now;
    if (!guard.allowsOrigin(origin)) return;
    this.#pool = new Pool(origin, {
      connections,
      pipelining: 1,
      connectTimeout: connectTimeoutMs,
      // Each attempt has a timer of its own for all of it.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { lookup: guard.lookup, timeout: connectTimeoutMs },
    });
  }

  /** Whether requests are under way or in line. */
  get busy(): boolean {
    return this.#running > 0 || this.#line.length > 0;
  }

  /** Closes the connections once what runs on them has ended. */
  close(): void {
    void this.#pool?.close();
  }

  /**
   * Makes one attempt when it is its turn.
   * @param build called when the attempt begins
   * @param timeoutMs the most one attempt may take
   * @returns undefined when the deadline came before its turn
   */
  attempt(build: () => WebhookRequest, timeoutMs: number, deadlineMs: number): Promise<Attempt | undefined> {
    return new Promise((resolve) => {
      const giveUp = () => {
        turn.waiting = false;
        clearTimeout(timer);
        resolve(undefined);
      };
      const start = () => {
        turn.waiting = false;
        clearTimeout(timer);
        this.#running++;
        void this.#run(build, timeoutMs, deadlineMs).then((attempt) => {
          this.#running--;
          this.#startNext();
          resolve(attempt);
        });
      };
      const turn: Turn = { waiting: true, deadlineMs, start, giveUp };
      const timer = setTimeout(giveUp, Math.max(deadlineMs - this.#now(), 0));
      this.#line.push(turn);
      this.#startNext();
    });
  }

  #startNext(): void {
    const most = this.#answeredWell ? connections : cautiousRequests;
    while (this.#running < most && this.#line.length > 0) {
      const next = this.#line.shift()!;
      if (!next.waiting) continue;
      if (next.deadlineMs <= this.#now()) next.giveUp();
      else next.start();
    }
  }

  async #run(build: () => WebhookRequest, timeoutMs: number, deadlineMs: number): Promise<Attempt> {
    const atMs = this.#now();
    const finish = (result: Partial<Attempt>): Attempt => ({
      atMs,
      latencyMs: this.#now() - atMs,
      ...result,
    });
    if (!this.#pool) return finish({ error: 'address_not_allowed' });
    const pool = this.#pool;
    const untilDeadline = Math.max(deadlineMs - atMs, 0);
    const limit = {
      ms: Math.min(timeoutMs, untilDeadline),
      error: timeoutMs <= untilDeadline ? 'timeout' : 'aborted',
    } as const;

    const reused = this.#answeredWell;
    let outcome = await dispatch(pool, build(), limit, this.#now);
    // An environment that was frozen finds its connections closed by the other side: that is no failed attempt.
    if (reused && outcome.error && isConnectionReset(outcome.error) && this.#now() - atMs < limit.ms) {
      outcome = await dispatch(pool, build(), { ...limit, ms: limit.ms - (this.#now() - atMs) }, this.#now);
    }
    if (outcome.statusCode !== undefined && outcome.statusCode < 300) this.#answeredWell = true;
    const { error, ...answer } = outcome;
    return finish(error ? { error: errorClass(error) } : answer);
  }
}

interface Outcome extends Pick<Attempt, 'statusCode' | 'excerpt' | 'retryAfterSeconds'> {
  /** Why there is no answer. */
  error?: Error | AttemptError;
}

/** One request on the pool. Resolves whatever happens, at the limit at the latest. */
function dispatch(
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
