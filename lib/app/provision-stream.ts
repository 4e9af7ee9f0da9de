import {
  endedUsers,
  hasWork,
  isMaking,
  madeReady,
  refused,
  type Stream,
  type StreamConnection,
  type StreamError,
  withoutNewTopics,
  withOwnTopics,
  withoutUsers,
  withTopics,
} from '../core/stream.ts';
import { topicsOf } from '../core/topic-mapping.ts';
import { mostWakeUpDelayMs } from './ports/wake-ups.ts';
import type { StreamCluster } from './ports/stream-cluster.ts';
import type { TopicMappingReader } from './ports/topic-mappings.ts';
import { watchJob } from './job-watch.ts';
import type { StreamJobDependencies } from './stream-jobs.ts';
import {
  errorOfStep,
  isClusterFull,
  mappingStep,
  refusalOf,
  StreamRefusal,
  stepsOf,
} from './stream-steps.ts';

export interface ProvisionDependencies extends StreamJobDependencies {
  readonly cluster: StreamCluster;
  readonly mappings: TopicMappingReader;
}

/** How long a stream is ours: longer than an invocation lasts, shorter than its message stays hidden. */
const leaseMs = 35_000;
/** Clocks differ. */
const earlyMs = 1_000;
/** What is underway is asked after so long: on MSK topics take a minute, and users up to ten. */
const askAgainMs = 10_000;

export interface Provisioned {
  readonly state: Stream['state'] | 'deleted';
  /** Steps that are not done everywhere yet. */
  readonly underway: readonly string[];
  /** Why it cannot be made. */
  readonly refused?: string;
  /** There is no room on the cluster, for the stream or for what a mapping adds to it. */
  readonly isClusterFull: boolean;
}

/** Why the stream was not made as it was wanted, which what is done for it since does not change. */
function standingRefusal(stream: Stream): StreamError | undefined {
  return isMaking(stream) ? undefined : refusalOf(stream);
}

/**
 * Goes on with a stream: makes what is wanted and missing, or removes what is there, every step of it.
 * @returns how far it came; undefined when there was nothing to do, or another is at it
 * @throws what a step failed with; the stream says why it stands still, and the step is done again later
 */
export async function provisionStream(
  dependencies: ProvisionDependencies,
  id: string,
): Promise<Provisioned | undefined> {
  const { streams, cluster, now } = dependencies;
  const untilMs = now() + leaseMs;
  const stream = await take();
  if (!stream) return undefined;
  await watchJob(dependencies, id);
  let connection: StreamConnection | undefined;
  const begunMs = now();
  const ended = endedUsers(stream, begunMs);
  const steps = stepsOf(stream, ended, begunMs);
  let wanted = stream;
  let refusal: StreamRefusal | undefined;
  let underway: string[] = [];
  let step = 'connection';
  try {
    if (stream.state !== 'deleting') connection = await cluster.connection();
    try {
      await takeSteps();
    } catch (error) {
      wanted = withoutNewTopics(stream);
      if (!(error instanceof StreamRefusal) || wanted === stream) throw error;
      refusal = error;
      await takeSteps();
    }
  } catch (error) {
    const failure = errorOfStep(step, error);
    const isRefused = error instanceof StreamRefusal;
    const saved = await giveBack((one) =>
      isRefused
        ? refused({ ...one, topics: wanted.topics }, failure, now())
        : { ...one, error: standingRefusal(one) ?? failure },
    );
    if (!isRefused) throw error;
    await goOnLater(saved);
    return { state: saved.state, underway: [], refused: error.message, isClusterFull: isClusterFull(error) };
  }
  if (stream.state === 'deleting' && underway.length === 0) {
    await streams.delete(stream);
    await dependencies.watch.forget(id);
    return { state: 'deleted', underway, isClusterFull: false };
  }
  const saved = await giveBack((one) => come(one, connection));
  await goOnLater(saved);
  return { state: saved.state, underway, isClusterFull: isClusterFull(refusal) };

  async function takeSteps(): Promise<void> {
    underway = [];
    for (const { name, run } of steps) {
      step = name;
      if ((await run(cluster, wanted, claim)) === 'underway') underway.push(name);
    }
  }

  /** @throws Error when the stream is another's by now: what it would make nobody would know of */
  async function claim(topics: readonly string[]): Promise<void> {
    const saved = await streams.update(id, (one) =>
      one.leasedUntilMs === untilMs ? withOwnTopics(one, topics) : one,
    );
    if (saved?.leasedUntilMs !== untilMs) throw new Error(`stream ${id} was taken over by another`);
  }

  /** What the work has come to. */
  function come(one: Stream, known: StreamConnection | undefined): Stream {
    const connected = {
      ...one,
      topics: wanted.topics,
      connection: known ?? one.connection,
      error: standingRefusal(one) ?? (refusal && errorOfStep(mappingStep, refusal)),
    };
    if (underway.length > 0) return connected;
    const current = withoutUsers(connected, ended);
    return isMaking(current) ? madeReady(current, now()) : current;
  }

  /** Takes a stream on for some time, so that no two change the cluster for it at once. */
  async function take(): Promise<Stream | undefined> {
    const mapped = topicsOf(await dependencies.mappings.read(id));
    let isOurs = false;
    const found = await streams.update(id, (one) => {
      isOurs = hasWork(one, now()) && (one.leasedUntilMs ?? 0) <= now() + earlyMs;
      if (!isOurs) return one;
      return { ...(isMaking(one) ? withTopics(one, mapped) : one), leasedUntilMs: untilMs };
    });
    if (!found || !hasWork(found, now())) await awaitFormer(found);
    return isOurs ? found : undefined;
  }

  /** Writes down what was come to, unless something else has been asked for since: then only that others may take it. */
  async function giveBack(change: (one: Stream) => Stream): Promise<Stream> {
    const saved = await streams.update(id, (one) => {
      if (one.leasedUntilMs !== untilMs) return one;
      return { ...(one.revision === stream!.revision ? change(one) : one), leasedUntilMs: 0 };
    });
    if (!saved) throw new Error(`stream ${id} is gone`);
    return saved;
  }

  /** Has the stream come back when there is something to do: at once, after a rest, or when a former user's time is over. */
  async function goOnLater(saved: Stream): Promise<void> {
    const { queue } = dependencies;
    if (hasWork(saved, now())) {
      await queue.send([id], saved.revision === stream!.revision && underway.length > 0 ? askAgainMs : 0);
      return;
    }
    await awaitFormer(saved);
    const restMs = (saved.former?.untilMs ?? Infinity) - now();
    // The sweep comes each minute: what ends soon has a message of its own.
    if (restMs <= mostWakeUpDelayMs) await queue.send([id], Math.max(restMs, 0));
  }

  /** Nothing is to be done until a former user's time is over. */
  async function awaitFormer(resting: Stream | undefined): Promise<void> {
    const { watch } = dependencies;
    if (resting?.former) await watch.expect(id, resting.former.untilMs);
    else await watch.forget(id);
  }
}
