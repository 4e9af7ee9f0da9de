import type { Attempt } from '../core/attempt.ts';
import type { DeliveryState } from '../core/delivery.ts';
import type { Endpoint } from '../core/endpoint.ts';
import { countsOf } from '../core/endpoint-counts.ts';
import { type FailureTerms, afterStreak } from '../core/failure-streak.ts';
import { mapAtOnce } from '../core/map-at-once.ts';
import type { EndpointAlerts } from './ports/endpoint-alerts.ts';
import type { EndpointCounter, EndpointCountReader } from './ports/endpoint-counts.ts';
import type { EndpointAlerter } from './ports/endpoints.ts';
import type { FailureStreaks } from './ports/failure-streaks.ts';

/** Watches what becomes of attempts: counts them, and tells when an endpoint keeps failing. */
export interface EndpointWatch {
  /**
   * Takes note of an attempt. Nothing is written before `finish`.
   * @param state how the delivery stands after it
   */
  record(endpoint: Endpoint, attempt: Attempt, state: DeliveryState): void;
  /** Writes down what was noted; to be called when an invocation ends. Never rejects. */
  finish(): Promise<void>;
}

export interface WatchDependencies {
  readonly counts: EndpointCounter & Pick<EndpointCountReader, 'lastSuccessMs'>;
  readonly streaks: FailureStreaks;
  readonly endpoints: EndpointAlerter;
  readonly alerts: EndpointAlerts;
  readonly terms: FailureTerms;
  readonly now: () => number;
}

/** What the attempts of one invocation say about an endpoint. */
interface Report {
  readonly endpoint: Endpoint;
  /** One of them succeeded. */
  readonly hasSuccess: boolean;
  /** Those that failed after the last success. */
  readonly failures: number;
  readonly firstFailureMs: number;
}

/** Endpoints whose failures are remembered; the oldest are dropped first. */
const mostFailing = 10_000;
/** Endpoints whose streaks are written at once. */
const mostAtOnce = 16;

/**
 * The watch of one environment. A success ends a streak of failures only where the environment knows of one, so that
 * endpoints that are well cost nothing: it has counted failures itself, or the endpoint's hints say `failing`. Another
 * success may go unseen; that is why the last success of all environments is looked for before each alert.
 */
export function createEndpointWatch(dependencies: WatchDependencies): EndpointWatch {
  const { counts, streaks, endpoints, alerts, terms, now } = dependencies;
  const reports = new Map<string, Report>();
  /** Endpoints with failures that this environment has added to a streak. */
  const failing = new Set<string>();

  return {
    record(endpoint, attempt, state) {
      const more = countsOf(attempt, state);
      if (!more) return;
      counts.record(endpoint, more);
      const { id, hints } = endpoint;
      const report = reports.get(id);
      if (more.failedAttempts > 0) {
        const { hasSuccess = false, failures = 0, firstFailureMs } = report ?? {};
        const beganMs = failures > 0 ? firstFailureMs! : now();
        reports.set(id, { endpoint, hasSuccess, failures: failures + 1, firstFailureMs: beganMs });
      } else if (report || failing.has(id) || hints?.failing) {
        reports.set(id, { endpoint, hasSuccess: true, failures: 0, firstFailureMs: 0 });
      }
    },

    async finish() {
      const noted = [...reports.values()];
      reports.clear();
      const settling = mapAtOnce(noted, mostAtOnce, async (report) => {
        // Only an alert is late if this fails: the next failure finds the same streak.
        await settle(report).catch((error: unknown) => alerts.missed(report.endpoint, error));
      });
      await Promise.all([counts.flush(), settling]);
    },
  };

  async function settle({ endpoint, hasSuccess, failures, firstFailureMs }: Report): Promise<void> {
    const { id, hints } = endpoint;
    if (hasSuccess && (failing.has(id) || hints?.failing)) {
      await streaks.reset(endpoint);
      failing.delete(id);
      if (hints?.failing) await endpoints.recovered(endpoint);
    }
    if (failures === 0) return;
    failing.add(id);
    if (failing.size > mostFailing) failing.delete(failing.values().next().value!);
    const streak = await streaks.add(endpoint, failures, firstFailureMs);
    if (afterStreak(endpoint, streak, terms, now()) === endpoint) return;
    const lastSuccessMs = await counts.lastSuccessMs(endpoint, streak.sinceMs);
    if (lastSuccessMs !== undefined && lastSuccessMs > streak.sinceMs) {
      return streaks.reset(endpoint, streak.sinceMs);
    }
    for (const alert of await endpoints.alert(endpoint, streak, terms)) alerts.raise(endpoint, alert, terms);
  }
}
