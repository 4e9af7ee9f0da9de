import { setTimeout as wait } from 'node:timers/promises';
import { chunks } from '../core/chunks.ts';
import { mapAtOnce } from '../core/map-at-once.ts';
import type { Replay } from '../core/replay.ts';
import { replayDeliveries } from './replay-deliveries.ts';
import { type ReplayJobDependencies, watchReplay } from './replay-jobs.ts';
import { type ReplayPageDependencies, releasePage, replayPage } from './replay-pages.ts';

export type RunReplayDependencies = ReplayPageDependencies & ReplayJobDependencies;

/** An invocation makes no further deliveries after this long, and hands the rest to another. */
const mostWorkMs = 10_000;
/** How long a replay is ours: longer than an invocation lasts, shorter than its message stays hidden. */
const leaseMs = 35_000;
/** Clocks differ. */
const earlyMs = 1_000;
/** Deliveries that are made together; then their share of a second is waited for. */
const mostTogether = 100;
const lookUpsAtOnce = 16;
/**
 * Functions may hold deliveries for so long after their endpoint became active: they use what they have read of it for 30 s
 * when the table cannot be read, and the longest invocation, ingest's, lasts 60 s.
 */
const releaseSettlesMs = 100_000;
const betweenPassesMs = 15_000;

export interface ReplayProgress {
  readonly state: Replay['state'];
  readonly considered: number;
  readonly replayed: number;
  /** Why wake-ups could not be sent. Their deliveries wait for the sweep. */
  readonly unsent?: unknown;
}

type Progress = Partial<Omit<Replay, 'id' | 'orgId' | 'scope' | 'rate'>>;

/**
 * Goes on with a replay for some seconds: page after page, at its speed, and writes down how far it came.
 * @returns how far it came; undefined when there was nothing to do
 * @throws when a store cannot be reached; it goes on with the same page later
 */
export async function runReplay(
  dependencies: RunReplayDependencies,
  id: string,
): Promise<ReplayProgress | undefined> {
  const { replays, watch, queue, now } = dependencies;
  const startedMs = now();
  const untilMs = startedMs + leaseMs;
  const taken = await take(id, untilMs);
  if (!taken) return undefined;
  let unsent: unknown;
  let restMs = 0;
  let replay = taken;
  try {
    await watchReplay(dependencies, taken);
    while (replay.state === 'running' && restMs === 0 && now() - startedMs < mostWorkMs) {
      replay = await goOn(replay);
    }
  } catch (error) {
    await save({ restsUntilMs: 0 }).catch(() => {});
    throw error;
  }
  // It may have been stopped, or resumed, since.
  replay = await save({ restsUntilMs: now() + restMs });
  if (replay.state === 'running') await queue.send([id], restMs, replay.orgId);
  else await watch.forget(id);
  // What is left of a release is no news to anyone.
  if (replay.scope.kind === 'release' && replay.state === 'done') await replays.delete(replay);
  const { state, considered, replayed } = replay;
  return { state, considered, replayed, ...(unsent !== undefined && { unsent }) };

  /** Takes a replay on for some time, so that a message that comes twice does nothing twice. */
  async function take(taking: string, leasedUntilMs: number): Promise<Replay | undefined> {
    let isOurs = false;
    const found = await replays.update(taking, (one) => {
      isOurs = one.state === 'running' && (one.restsUntilMs ?? 0) <= now() + earlyMs;
      return isOurs ? { ...one, restsUntilMs: leasedUntilMs } : one;
    });
    if (found?.state !== 'running') await watch.forget(taking);
    return isOurs ? found : undefined;
  }

  /** Deals with one page, or with a part of it when the time is over. */
  async function goOn(from: Replay): Promise<Replay> {
    const passAtMs = from.passAtMs ?? now();
    const page = await nextPage(from);
    let current = from;
    for (const some of chunks(page.candidates, Math.min(from.rate, mostTogether))) {
      const beganMs = now();
      if (current.state !== 'running' || beganMs - startedMs >= mostWorkMs) return current;
      const found = await mapAtOnce(some, lookUpsAtOnce, (look) => look());
      const replayable = found.filter((one) => one !== undefined);
      const outcome = await replayDeliveries(
        dependencies,
        replayable,
        from.scope.kind === 'release' ? undefined : id,
      );
      unsent ??= outcome.unsent;
      const made = outcome.replayed.length;
      current = await save({ replayed: current.replayed + made });
      const earlyByMs = beganMs + (made / from.rate) * 1000 - now();
      if (earlyByMs > 0) await wait(earlyByMs);
    }
    const { nextCursor: cursor } = page;
    const considered = current.considered + page.considered;
    if (cursor !== undefined) return save({ considered, cursor, passAtMs });
    const isSettled = passAtMs >= Date.parse(from.createdAt) + releaseSettlesMs;
    if (from.scope.kind === 'release' && !isSettled && !page.isOver) {
      restMs = betweenPassesMs;
      return save({ considered, cursor, passAtMs: undefined });
    }
    return save({ considered, state: 'done' });
  }

  function nextPage(from: Replay) {
    const { scope } = from;
    return scope.kind === 'release'
      ? releasePage(dependencies, from, scope)
      : replayPage(dependencies, from, scope);
  }

  /** Writes progress down, also that of a replay that was stopped meanwhile: it goes on there. */
  async function save(progress: Progress): Promise<Replay> {
    let isOurs = false;
    const saved = await replays.update(id, (one) => {
      isOurs = one.restsUntilMs === untilMs;
      return isOurs ? { ...one, ...progress, updatedAt: new Date(now()).toISOString() } : one;
    });
    if (!saved || !isOurs) throw new Error(`another goes on with replay ${id}`);
    return saved;
  }
}
