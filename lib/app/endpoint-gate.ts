import type { Attempt } from '../core/attempt.ts';
import { type Endpoint, type EndpointHints, hasSameTarget } from '../core/endpoint.ts';
import {
  type EndpointHealth,
  afterSample,
  firstOpenMs,
  isSlow,
  unknownHealth,
} from '../core/endpoint-health.ts';
import type { EndpointMarker } from './ports/endpoints.ts';
import { createPatience } from './patience.ts';
import type { Lane } from './ports/wake-ups.ts';

/**
 * `open`: attempts may be made; where others wait for them, of `patienceMs` at most, if that is given. `slow`: only where
 * nobody else waits for them; after `inMs` at least where others are finding out about the endpoint. `broken`: none at present, from
 * `untilMs` on one at a time.
 */
export type Passage =
  | { readonly is: 'open'; readonly patienceMs?: number }
  | { readonly is: 'slow'; readonly inMs?: number }
  | { readonly is: 'broken'; readonly untilMs: number };

/** Keeps one slow or dead endpoint from costing the others anything. */
export interface EndpointGate {
  /** Whether an attempt at the endpoint may be made now. Where it may, it is to be made, and reported. */
  passage(endpoint: Endpoint): Passage;
  report(endpoint: Endpoint, attempt: Attempt): Promise<void>;
  /** Where its further attempts belong. */
  lane(endpoint: Endpoint): Lane;
  /** Whether it is known to answer soon, so that attempts at it hold nobody up. */
  isFast(endpoint: Endpoint): boolean;
}

interface Known {
  /** As it was seen last. */
  endpoint: Endpoint;
  health: EndpointHealth;
  /** The circuit is what another environment found: it is closed when the hint is gone. */
  isAdopted: boolean;
  /** A trial that never came back is forgotten then. */
  trialEndsMs: number;
  /** When it was last found slow here. */
  slowAtMs: number | undefined;
  /** Nobody knows it, and an attempt was cut short: until then it is left to the queue, where nobody waits. */
  leftToOthersUntilMs: number;
  /** The hints that were last written from here, and when. */
  told: { readonly hints: EndpointHints; readonly atMs: number } | undefined;
}

/** Endpoints that are remembered; the least recently attempted are dropped first. */
const mostKnown = 10_000;
/** Longer than any attempt. */
const trialMs = 40_000;
/** By then a hint that was written has been read again. */
const hintMs = 10_000;
/** By then the queue's functions have found out about an endpoint that was left to them. */
const findingOutMs = 30_000;
/** Most of those that are to be found out about have answered by then: what comes sooner would find no place there. */
const leftForMs = 1_000;
/** The part of the inline budget that may be waited away for endpoints that nobody knows yet. */
const patienceShare = 0.3;
/** What an endpoint gets all the same when others have used up the patience: most answer sooner. Milliseconds. */
const leastPatienceMs = 30;

/**
 * The gate of one environment. What it finds it writes into the endpoint's hints, so that other environments and new
 * ones know it within seconds.
 * @param inlineBudgetMs what first attempts may take together, milliseconds: an endpoint whose recent attempts took longer
 *   than half of it is slow
 */
export function createEndpointGate(
  marker: EndpointMarker,
  inlineBudgetMs: number,
  now: () => number,
): EndpointGate {
  const mostMs = inlineBudgetMs / 2;
  const patience = createPatience(inlineBudgetMs * patienceShare, now);
  const everything = new Map<string, Known>();

  const knownOf = (endpoint: Endpoint): Known => {
    const { id, hints } = endpoint;
    const found = everything.get(id);
    // What is known of one target says nothing of another.
    const isOfTarget = found && (found.endpoint === endpoint || hasSameTarget(found.endpoint, endpoint));
    const known = (isOfTarget && found) || {
      endpoint,
      health: unknownHealth,
      isAdopted: false,
      trialEndsMs: 0,
      slowAtMs: undefined,
      leftToOthersUntilMs: 0,
      told: undefined,
    };
    known.endpoint = endpoint;
    everything.delete(id);
    everything.set(id, known);
    if (everything.size > mostKnown) everything.delete(everything.keys().next().value!);
    const { circuit } = known.health;
    const openUntilMs = hints?.brokenUntil === undefined ? 0 : Date.parse(hints.brokenUntil);
    if (circuit.state === 'closed' && openUntilMs > now()) {
      known.health = {
        ...known.health,
        circuit: { state: 'open', openUntilMs, openMs: Math.max(openUntilMs - now(), firstOpenMs) },
      };
      known.isAdopted = true;
    } else if (known.isAdopted && hints?.brokenUntil === undefined) {
      known.health = { ...known.health, circuit: { state: 'closed' } };
      known.isAdopted = false;
    }
    // Who is not attempted here any more is found fast elsewhere.
    if (known.slowAtMs !== undefined && !hints?.slow && now() - known.slowAtMs > hintMs) {
      known.health = { ...known.health, recent: [] };
      known.slowAtMs = undefined;
    }
    return known;
  };

  return {
    passage(endpoint) {
      const known = knownOf(endpoint);
      const { circuit } = known.health;
      const nowMs = now();
      if (circuit.state === 'open') {
        const untilMs = Math.max(circuit.openUntilMs, known.trialEndsMs);
        if (nowMs < untilMs) return { is: 'broken', untilMs };
        known.trialEndsMs = nowMs + trialMs;
      }
      const slow = foundSlow(known, endpoint);
      if (slow !== undefined) return { is: slow ? 'slow' : 'open' };
      if (nowMs < known.leftToOthersUntilMs) return { is: 'slow', inMs: leftForMs };
      return { is: 'open', patienceMs: Math.max(patience.leftMs(), leastPatienceMs) };
    },

    lane: (endpoint) => laneOf(knownOf(endpoint), endpoint),

    isFast: (endpoint) => foundSlow(knownOf(endpoint), endpoint) === false,

    async report(endpoint, attempt) {
      const known = knownOf(endpoint);
      const before = known.health;
      const nowMs = now();
      if (attempt.error === 'aborted' && foundSlow(known, endpoint) === undefined) {
        patience.spend(attempt.atMs, attempt.atMs + attempt.latencyMs);
        known.leftToOthersUntilMs = nowMs + findingOutMs;
      }
      known.health = afterSample(before, attempt, nowMs);
      known.trialEndsMs = 0;
      const hints: EndpointHints = { ...endpoint.hints, ...slowHint(known), ...circuitHint(before, known) };
      // The endpoint may have been read before they were last written.
      const { told } = known;
      const isTold = told !== undefined && nowMs - told.atMs < hintMs && sameHints(told.hints, hints);
      if (isTold || sameHints(hints, endpoint.hints)) return;
      known.told = { hints, atMs: nowMs };
      await marker.mark(endpoint, hints);
    },
  };

  /** @returns undefined while nobody knows */
  function foundSlow({ health }: Known, { hints }: Endpoint): boolean | undefined {
    return isSlow(health, mostMs) ?? hints?.slow;
  }

  function laneOf(known: Known, endpoint: Endpoint): Lane {
    // One that nobody knows has a place of its own to be found out about; among the slow ones it would wait for all of them.
    return foundSlow(known, endpoint) ? 'slow' : 'usual';
  }

  function slowHint(known: Known): EndpointHints {
    const slow = isSlow(known.health, mostMs);
    if (slow === undefined) return {};
    known.slowAtMs = slow ? now() : undefined;
    return { slow };
  }

  function circuitHint(before: EndpointHealth, known: Known): EndpointHints {
    const { circuit } = known.health;
    if (circuit === before.circuit) return {};
    known.isAdopted = false;
    return {
      brokenUntil: circuit.state === 'open' ? new Date(circuit.openUntilMs).toISOString() : undefined,
    };
  }
}

function sameHints(one: EndpointHints, other: EndpointHints | undefined): boolean {
  return one.slow === other?.slow && one.brokenUntil === other?.brokenUntil;
}
