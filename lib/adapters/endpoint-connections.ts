import Pool from 'undici/lib/dispatcher/pool.js';
import type { AttemptTimes } from '../app/ports/endpoint-sender.ts';
import type { Attempt } from '../core/attempt.ts';
import type { AddressGuard } from './address-guard.ts';
import type { ConnectionBudget } from './connection-budget.ts';
import { errorClass, isConnectionReset } from './connection-errors.ts';
import { type RequestLimit, type WebhookRequest, dispatch } from './webhook-request.ts';

const connections = 16;
/** Requests at once until the endpoint has answered one well: it may be down, or not able to take more. */
const cautiousRequests = 4;
const connectTimeoutMs = 5_000;

/** A request's place in line. */
interface Turn {
  waiting: boolean;
  readonly times: AttemptTimes;
  start(): void;
  giveUp(): void;
}

/** The connections to one endpoint: requests beyond what it may have at once wait in line. */
export class EndpointConnections {
  readonly #pool: Pool | undefined;
  readonly #budget: ConnectionBudget;
  readonly #now: () => number;
  readonly #line: Turn[] = [];
  #running = 0;
  /** Connections that were taken from the budget: as many as ever ran at once. */
  #taken = 0;
  #answeredWell = false;

  constructor(origin: string, guard: AddressGuard, budget: ConnectionBudget, now: () => number) {
    this.#budget = budget;
    this.#now = now;
    if (guard.originFault(origin)) return;
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

  /**
   * Closes the connections; only while not busy, and not to be used again.
   * @returns how many there were
   */
  close(): number {
    void this.#pool?.close();
    return this.#taken;
  }

  /**
   * Makes one attempt when it is its turn.
   * @param build called when the attempt begins
   * @param timeoutMs the most one attempt may take
   * @returns undefined when its turn did not come in time
   */
  attempt(build: () => WebhookRequest, timeoutMs: number, times: AttemptTimes): Promise<Attempt | undefined> {
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
        void this.#run(build, timeoutMs, times).then((attempt) => {
          this.#running--;
          if (attempt.error === 'aborted') this.#giveUpImpatient();
          this.#startNext();
          if (!this.busy) this.#budget.idle();
          resolve(attempt);
        });
      };
      const turn: Turn = { waiting: true, times, start, giveUp };
      const timer = setTimeout(giveUp, Math.max(times.beginByMs - this.#now(), 0));
      this.#line.push(turn);
      this.#startNext();
    });
  }

  readonly #startNext = (): void => {
    const most = this.#answeredWell ? connections : cautiousRequests;
    while (this.#running < most && this.#line.length > 0) {
      const [next] = this.#line as [Turn];
      if (next.waiting && next.times.beginByMs > this.#now()) {
        if (this.#running === this.#taken) {
          if (!this.#budget.take(this.#startNext)) return;
          this.#taken++;
        }
        this.#line.shift();
        next.start();
      } else {
        this.#line.shift();
        if (next.waiting) next.giveUp();
      }
    }
  };

  /** An attempt was cut short: those in line that have no more time for the endpoint need not begin. */
  #giveUpImpatient(): void {
    for (const turn of this.#line) if (turn.waiting && turn.times.patienceMs !== undefined) turn.giveUp();
  }

  async #run(
    build: () => WebhookRequest,
    timeoutMs: number,
    { endByMs, patienceMs }: AttemptTimes,
  ): Promise<Attempt> {
    const atMs = this.#now();
    const finish = (result: Partial<Attempt>): Attempt => ({
      atMs,
      latencyMs: this.#now() - atMs,
      ...result,
    });
    if (!this.#pool) return finish({ error: 'address_not_allowed' });
    const pool = this.#pool;
    const untilEnd = Math.max(endByMs - atMs, 0);
    const limit: RequestLimit = {
      ms: Math.min(timeoutMs, untilEnd),
      error: timeoutMs <= untilEnd ? 'timeout' : 'aborted',
      patienceMs,
    };

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
