/**
 * An org's own topics on our cluster, as they are wanted. What is there is made like it, step by step; repeating that mends
 * what is missing.
 */
export interface Stream {
  /** The org's: it has one stream. */
  readonly id: string;
  readonly orgId: string;
  readonly state: StreamState;
  /** Names without the org's prefix. */
  readonly topics: readonly string[];
  /** Those that it had when it was ready last; absent until then. */
  readonly readyTopics?: readonly string[];
  /**
   * Those that provisioning has made, or was about to make once it had seen that they were not there. What else is on the
   * cluster is somebody else's, whatever its name: it is never let be read, written to or removed for this org.
   */
  readonly ownTopics?: readonly string[];
  /** Of each topic. */
  readonly partitions: number;
  /** Who may read, once the stream is ready. */
  readonly user: StreamUser;
  /** Who is to take over from `user`, in a rotation. */
  readonly next?: StreamUser & { readonly overlapMs: number };
  /** Who may still read for some time after a rotation, milliseconds since 1970. */
  readonly former?: { readonly username: string; readonly untilMs: number };
  /** Users who are to lose all that they may, at once. */
  readonly ended?: readonly string[];
  /** How consumers connect; absent until the cluster was asked. */
  readonly connection?: StreamConnection;
  /** Why the work does not go on. */
  readonly error?: StreamError;
  /** Grows with each call that changes what is wanted. */
  readonly revision: number;
  /** Nobody else works on it before, milliseconds since 1970. */
  readonly leasedUntilMs?: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/**
 * - `provisioning`, `rotating`, `deleting`: work goes on by itself.
 * - `ready`: the user may read.
 * - `failed`: it cannot be provisioned as things stand, and nothing goes on until it is asked for again.
 */
export type StreamState = 'provisioning' | 'rotating' | 'deleting' | 'ready' | 'failed';

/** Whether no work on it goes on. */
export function isAtRest({ state }: Pick<Stream, 'state'>): boolean {
  return state === 'ready' || state === 'failed';
}

export interface StreamUser {
  readonly username: string;
  readonly password: string;
}

/** What every consumer of the cluster connects with. */
export interface StreamConnection {
  /** `host:port`, several separated by commas. */
  readonly bootstrapServers: string;
  readonly securityProtocol: 'SASL_SSL' | 'SASL_PLAINTEXT';
}

/** A closed list, so that callers can branch on it. */
export type StreamErrorClass = 'capacity' | 'topic_taken' | 'unreachable' | 'not_permitted' | 'refused';

export interface StreamError {
  readonly class: StreamErrorClass;
  /** The step that it was met at. */
  readonly step: string;
  /** What is wrong and what would be right. */
  readonly message: string;
}

/** The topics of every stream. */
export const streamTopics = ['runs', 'ledger', 'notifications', 'prices'] as const;

/** All that is an org's on the cluster begins with this. Ids of orgs have no dots, so that it begins nobody else's. */
export function streamPrefix(orgId: string): string {
  return `${orgId}.`;
}

export function topicName(orgId: string, topic: string): string {
  return streamPrefix(orgId) + topic;
}

/** The stream's topics by their names on the cluster. */
export function topicNames({ orgId, topics }: Pick<Stream, 'orgId' | 'topics'>): string[] {
  return topics.map((topic) => topicName(orgId, topic));
}

/**
 * The topics that are the stream's own. Of a stream from before they were written down it cannot be told any more: those that
 * it had when it was ready last count, for all that reads and writes them since goes on.
 */
export function ownTopics({
  ownTopics: written,
  readyTopics = streamTopics,
}: Pick<Stream, 'ownTopics' | 'readyTopics'>): readonly string[] {
  return written ?? readyTopics;
}

/** The topics that it is to have, and that are not known to be its own. */
export function unclaimedTopics(stream: Stream): string[] {
  const own = ownTopics(stream);
  return stream.topics.filter((topic) => !own.includes(topic));
}

/** The stream with more topics of its own. */
export function withOwnTopics(stream: Stream, topics: readonly string[]): Stream {
  return { ...stream, ownTopics: [...new Set([...ownTopics(stream), ...topics])] };
}

/** Headers of every record in a stream, for consumers that do not want to parse it. */
export function streamHeaders(eventId: string, eventType: string) {
  return { 'event-id': eventId, 'event-type': eventType, 'content-type': 'application/json' };
}

/**
 * The name of a new user. No two of an org may have the same, one after the other neither: who is connected as the first
 * stays so, and would read again with the rights of the second.
 * @param unique other than all before it
 */
export function usernameOf(orgId: string, unique: string): string {
  return streamPrefix(orgId) + unique;
}

/** All users that the cluster may have for the stream. */
export function usernamesOf({ user, next, former, ended = [] }: Stream): string[] {
  return [user, next, former].flatMap((one) => (one ? [one.username] : [])).concat(ended);
}

/** Users that are to be let in: in a rotation two. */
export function wantedUsers({ user, next }: Pick<Stream, 'user' | 'next'>): StreamUser[] {
  return next ? [user, next] : [user];
}

/** A stream that is yet to be provisioned. */
export function newStream(orgId: string, partitions: number, user: StreamUser, nowMs: number): Stream {
  const at = new Date(nowMs).toISOString();
  return {
    id: orgId,
    orgId,
    state: 'provisioning',
    topics: streamTopics,
    ownTopics: [],
    partitions,
    user,
    revision: 1,
    createdAt: at,
    updatedAt: at,
  };
}

/** The stream as another call wants it; what went wrong before is forgotten. */
export function wantedAnew(stream: Stream, change: Partial<Stream>, nowMs: number): Stream {
  const updatedAt = new Date(nowMs).toISOString();
  return { ...stream, ...change, error: undefined, revision: stream.revision + 1, updatedAt };
}

/**
 * A rotation begins. The time of a former user, if there is one yet, is over.
 * @param overlapMs how long the user before may read after the new one is let in
 */
export function rotated(stream: Stream, user: StreamUser, overlapMs: number, nowMs: number): Stream {
  const { former } = stream;
  const change = { state: 'rotating' as const, next: { ...user, overlapMs }, former: undefined };
  return wantedAnew(withEnded({ ...stream, ...change }, former?.username), {}, nowMs);
}

function withEnded(stream: Stream, username: string | undefined): Stream {
  return username === undefined ? stream : { ...stream, ended: [...(stream.ended ?? []), username] };
}

/** What becomes of a stream whose users are let in: in a rotation, the new user takes over. */
export function madeReady(stream: Stream, nowMs: number): Stream {
  const { next, user, ...rest } = stream;
  const ready = {
    ...rest,
    state: 'ready' as const,
    readyTopics: rest.topics,
    updatedAt: new Date(nowMs).toISOString(),
  };
  if (!next) return { ...ready, user };
  const { overlapMs, ...taking } = next;
  return { ...ready, user: taking, former: { username: user.username, untilMs: nowMs + overlapMs } };
}

/** What becomes of a stream that cannot be made as things stand: a rotation leaves it as it was. */
export function refused(stream: Stream, error: StreamError, nowMs: number): Stream {
  const { next, ...rest } = stream;
  const state = next ? 'ready' : 'failed';
  return withEnded({ ...rest, state, error, updatedAt: new Date(nowMs).toISOString() }, next?.username);
}

/** The stream with more topics than it has, or as it is when it has all of them. */
export function withTopics(stream: Stream, topics: readonly string[]): Stream {
  const missing = topics.filter((topic) => !stream.topics.includes(topic));
  return missing.length === 0 ? stream : { ...stream, topics: [...stream.topics, ...missing] };
}

/** The stream without what a mapping has added since it was ready last; as it is where that is nothing. */
export function withoutNewTopics(stream: Stream): Stream {
  const { topics, readyTopics = streamTopics } = stream;
  return topics.length > readyTopics.length ? { ...stream, topics: readyTopics } : stream;
}

/** Users whose time is over. */
export function endedUsers(
  { former, ended = [] }: Pick<Stream, 'former' | 'ended'>,
  nowMs: number,
): string[] {
  return former && former.untilMs <= nowMs ? [...ended, former.username] : [...ended];
}

/** The stream once these users have nothing on the cluster any more. */
export function withoutUsers(stream: Stream, usernames: readonly string[]): Stream {
  const { former, ended = [], ...rest } = stream;
  const left = ended.filter((username) => !usernames.includes(username));
  return {
    ...rest,
    ...(former && !usernames.includes(former.username) && { former }),
    ...(left.length > 0 && { ended: left }),
  };
}

/** Whether topics and users are made for it. */
export function isMaking({ state }: Pick<Stream, 'state'>): boolean {
  return state === 'provisioning' || state === 'rotating';
}

/** Whether something is to be done on the cluster now. */
export function hasWork(stream: Stream, nowMs: number): boolean {
  return isMaking(stream) || stream.state === 'deleting' || endedUsers(stream, nowMs).length > 0;
}
