import { type Attempt, judge } from '../core/attempt.ts';
import { type Delivery, afterAttempt } from '../core/delivery.ts';
import type { Endpoint } from '../core/endpoint.ts';
import { defaultScheduleSeconds } from '../core/retry-schedule.ts';
import type { EndpointGate } from './endpoint-gate.ts';
import type { EndpointWatch } from './endpoint-watch.ts';
import type { EndpointMarker } from './ports/endpoints.ts';

export interface SettleDependencies {
  readonly endpoints: EndpointMarker;
  readonly gate: EndpointGate;
  readonly watch: Pick<EndpointWatch, 'record'>;
  /** How long a delivery is held at most while its endpoint takes nothing, milliseconds. */
  readonly heldMs: number;
  readonly now: () => number;
  readonly random: () => number;
}

/** How a delivery stands after an attempt, by its endpoint's schedule; an endpoint that is gone is disabled. */
export async function settleAttempt(
  { endpoints, gate, watch, heldMs, now, random }: SettleDependencies,
  endpoint: Endpoint,
  delivery: Delivery,
  attempt: Attempt,
): Promise<Delivery> {
  await gate.report(endpoint, attempt);
  if (judge(attempt) === 'gone') await endpoints.disableGone(endpoint);
  const scheduleSeconds = endpoint.scheduleSeconds ?? defaultScheduleSeconds;
  const after = afterAttempt(delivery, attempt, { scheduleSeconds, heldMs }, now(), random());
  watch.record(endpoint, attempt, after.state);
  return after;
}
