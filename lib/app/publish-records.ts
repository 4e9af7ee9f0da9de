import type { CallPlace } from '../core/call-place.ts';
import type { Org } from '../core/org.ts';
import type { Stream } from '../core/stream.ts';
import { Problem, notFound } from './api/problem.ts';
import {
  type CallMemory,
  type IncomingCall,
  type PublishOnceDependencies,
  publishOnce,
} from './api/publish-once.ts';
import type { OwnTopics } from './own-topics.ts';
import type { Documents } from './ports/documents.ts';
import {
  type RecordPlace,
  type StreamProducer,
  type StreamRecord,
  StreamMissing,
} from './ports/stream-producer.ts';
import { mappingError } from './stream-steps.ts';

export interface PublishRecordsDependencies extends PublishOnceDependencies {
  readonly producer: StreamProducer;
  readonly orgs: Pick<Documents<Org>, 'get'>;
  readonly streams: Pick<Documents<StreamStanding>, 'get'>;
  readonly ownTopics: OwnTopics;
}

/** A call is answered 26 s after it came, as failed where it goes on: nothing of it is sent then. */
const mostCallMs = 20_000;
/** Callers give up sooner, and a cluster that does not answer within it is away. */
const mostSendMs = 10_000;

/** What a publisher may be told of a stream that lacks a topic. */
export type StreamStanding = Pick<Stream, 'id' | 'orgId' | 'state' | 'error' | 'ownTopics' | 'readyTopics'>;

/** A record on its way to its call's topic, or to one of its own. */
export interface RenderedRecord extends StreamRecord {
  readonly topic?: string;
}

/** What a call publishes: all of it must survive JSON, for it is kept until the records are in their topics. */
export interface RenderedCall {
  /** By its name on the cluster. */
  readonly topic: string;
  readonly records: readonly RenderedRecord[];
  /** What the answer holds beside topic and places. */
  readonly answer: object;
}

/** What else a call changes beside its topics. */
export interface CallEffects<Rendered extends RenderedCall> {
  /** Called before what an earlier invocation of the call has kept is published. */
  readonly resume?: (rendered: Rendered) => Promise<void>;
  /** Called when nothing of the call is published, for its topic is not there: undoes what rendering it has changed. */
  readonly withdraw?: (rendered: Rendered) => Promise<void>;
}

/** A call of records as it came. */
export interface RecordsCall extends IncomingCall {
  /** Where all of its records go, if rendering them changes something: a call whose topic is not there is refused before. */
  readonly topic?: string;
  /**
   * Whether the same records come of rendering it again, for they are those of its body: then they need not be kept, which is a
   * third of what a key costs.
   */
  readonly isRenderedAlike?: boolean;
}

/** What a call has published. */
export interface PublishedCall<Answer extends object> {
  readonly topic: string;
  /** Of the records, in their order. */
  readonly places: readonly RecordPlace[];
  readonly answer: Answer;
}

/**
 * Publishes records to topics of an org: once for each Idempotency-Key; those of one topic in one send.
 * @param render called when the call is made first; with a key its result is kept before anything is produced, unless it is the
 *   same each time, and whoever continues the call publishes the very same, but for the caller's trace where nothing was kept. What it throws is thrown, and nothing is published.
 * @param effects of what `render` changes
 * @returns where the records are, once all in-sync replicas have them; of a call that was made before, as it was then
 * @throws Problem when the org or its stream is missing, when the outcome is unknown, and for keys as `publishOnce` does
 */
export async function publishRecords<Rendered extends RenderedCall>(
  dependencies: PublishRecordsDependencies,
  call: RecordsCall,
  render: (startedMs: number, place: CallPlace) => Promise<Rendered>,
  { resume, withdraw }: CallEffects<Rendered> = {},
): Promise<PublishedCall<Rendered['answer']>> {
  const { orgId, topic, idempotencyKey, isRenderedAlike = false } = call;
  const { now, ownTopics } = dependencies;
  const lastMs = now() + mostCallMs;
  return publishOnce(dependencies, call, async ({ startedMs, place }, memory) => {
    const isNew = memory.kept === undefined && topic !== undefined;
    if (isNew && !(await ownTopics.has(orgId, [topic]))) throw await missing(dependencies, orgId);
    const rendered =
      memory.kept === undefined
        ? carryOn(await render(startedMs, place), call.traceparent)
        : (JSON.parse(memory.kept) as Awaited<Rendered>);
    if (!(await ownTopics.has(orgId, topicsOf(rendered)))) throw await refused(rendered, memory);
    if (memory.kept !== undefined) await resume?.(rendered);
    if (memory.kept === undefined && !isRenderedAlike) await memory.keep(JSON.stringify(rendered));
    try {
      const places = await produce(dependencies.producer, rendered, Math.min(lastMs, now() + mostSendMs));
      return { topic: rendered.topic, places, answer: rendered.answer };
    } catch (error) {
      if (error instanceof StreamMissing) throw await refused(rendered, memory);
      throw outcomeUnknown(idempotencyKey, error);
    }
  });

  /** Of what was kept before, or by who has taken the call over, something may be published: that stays as it is. */
  async function refused(rendered: Rendered, memory: CallMemory): Promise<Problem> {
    if (memory.kept === undefined && withdraw && (await memory.forget())) await withdraw(rendered);
    return missing(dependencies, orgId);
  }
}

/** The call, with its caller's trace in the headers of its records. */
function carryOn<Rendered extends RenderedCall>(rendered: Rendered, traceparent?: string): Rendered {
  if (traceparent === undefined) return rendered;
  const records = rendered.records.map((record) => ({
    ...record,
    headers: { ...record.headers, traceparent },
  }));
  return { ...rendered, records };
}

function topicsOf({ topic, records }: RenderedCall): string[] {
  return [...new Set(records.map((record) => record.topic ?? topic))];
}

/** The records of each topic go out in one send, in their order; none does while one of several topics is missing. */
async function produce(
  producer: StreamProducer,
  { topic, records }: RenderedCall,
  endMs: number,
): Promise<RecordPlace[]> {
  const places: RecordPlace[] = [];
  const byTopic = Map.groupBy(records.keys(), (at) => records[at]!.topic ?? topic);
  if (byTopic.size > 1) await producer.expectTopics([...byTopic.keys()], endMs);
  const sends = await Promise.allSettled(
    [...byTopic].map(async ([name, indexes]) => {
      const sent = await producer.send(
        name,
        indexes.map((at) => records[at]!),
        endMs,
      );
      indexes.forEach((at, n) => (places[at] = sent[n]!));
    }),
  );
  const failures = sends.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  if (failures.length === 0) return places;
  // Where another topic has its records, or may have them, that one is missing is no reason to say that nothing was published.
  const isMixed = sends.length > 1 && !failures.every((one) => one instanceof StreamMissing);
  throw isMixed || failures.length < sends.length
    ? new AggregateError(failures, 'not all topics have their records')
    : failures[0];
}

/** Why a topic of the org is not there, or not its own. Asked only then: what is there needs no look at our own tables. */
async function missing({ orgs, streams }: PublishRecordsDependencies, orgId: string): Promise<Problem> {
  const [org, stream] = await Promise.all([orgs.get(orgId), streams.get(orgId)]);
  if (!org) return notFound('org', orgId);
  const path = `/v1/orgs/${orgId}/stream`;
  if (!stream) return new Problem('conflict', `The org has no stream: PUT ${path} makes one.`);
  const { state, error } = stream;
  const lacking = mappingError(stream);
  if (lacking) return new Problem('conflict', `The stream lacks this topic. ${lacking.message}`);
  if (state === 'failed' && error) return new Problem('conflict', `The stream has failed. ${error.message}`);
  if (state === 'provisioning' || state === 'deleting')
    return new Problem('conflict', `The stream is ${state}: GET ${path} says when that is done.`);
  return new Problem('conflict', `The stream lacks this topic: PUT ${path} makes what is missing.`);
}

function outcomeUnknown(idempotencyKey: string | undefined, cause: unknown): Problem {
  const detail =
    idempotencyKey === undefined
      ? 'The cluster did not confirm the records: some or all may be published. Made again, the call publishes them again; ' +
        'with an Idempotency-Key it would send the same records with the same ids.'
      : 'The cluster did not confirm the records: some or all may be published. Make the same call with the same ' +
        'Idempotency-Key: it sends the same records with the same ids.';
  return new Problem('unavailable', detail, [], { cause });
}
