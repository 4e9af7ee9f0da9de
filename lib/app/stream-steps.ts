import {
  isFormerOver,
  type Stream,
  type StreamError,
  streamPrefix,
  topicNames,
  usernames,
  wantedUsers,
} from '../core/stream.ts';
import type { Shortage } from '../core/stream-capacity.ts';
import { type Progress, type StreamCluster, StreamClusterFault } from './ports/stream-cluster.ts';

/** A part of the work on a stream. It may be done again at any time, and after any failure. */
export interface StreamStep {
  readonly name: string;
  readonly run: (cluster: StreamCluster, stream: Stream) => Promise<Progress>;
}

/** There is no room for the stream, and trying again by itself would not help. */
export class NoRoom extends Error {
  readonly shortage: Shortage;

  constructor(shortage: Shortage) {
    super(`no room for more ${shortage.of}: ${shortage.used} of ${shortage.most} are used`);
    this.shortage = shortage;
  }
}

/** In this order: nothing is made that there is no room for, and nobody is let in before he is told what he may. */
const making: readonly StreamStep[] = [
  {
    name: 'capacity',
    async run(cluster, stream) {
      const shortage = await cluster.shortage({
        topics: topicNames(stream),
        partitions: stream.partitions,
        usernames: wantedUsers(stream).map(({ username }) => username),
      });
      if (shortage) throw new NoRoom(shortage);
      return 'done';
    },
  },
  { name: 'topics', run: (cluster, stream) => cluster.ensureTopics(topicNames(stream), stream.partitions) },
  {
    name: 'acls',
    async run(cluster, stream) {
      const rights = { topics: topicNames(stream), groupPrefix: streamPrefix(stream.orgId) };
      for (const { username } of wantedUsers(stream)) await cluster.ensureAcls(username, rights);
      return 'done';
    },
  },
  { name: 'user', run: (cluster, stream) => each(wantedUsers(stream), (user) => cluster.ensureUser(user)) },
  {
    name: 'sign-in',
    run: (cluster, stream) =>
      each(wantedUsers(stream), async (user) => ((await cluster.letsIn(user)) ? 'done' : 'underway')),
  },
];

/** Rights first: whoever is connected is refused at once, not only when he connects again. */
const removing: readonly StreamStep[] = [
  {
    name: 'acls',
    async run(cluster, { orgId }) {
      for (const username of usernames(orgId)) await cluster.removeAcls(username);
      return 'done';
    },
  },
  { name: 'user', run: (cluster, { orgId }) => each(usernames(orgId), (name) => cluster.removeUser(name)) },
  { name: 'topics', run: (cluster, stream) => cluster.removeTopics(topicNames(stream)) },
];

/** A former user's time is over. */
export const retirement: StreamStep = {
  name: 'former-user',
  async run(cluster, { former }) {
    await cluster.removeAcls(former!.username);
    return cluster.removeUser(former!.username);
  },
};

/** What is to be done for a stream now. */
export function stepsOf(stream: Stream, nowMs: number): readonly StreamStep[] {
  switch (stream.state) {
    case 'deleting':
      return removing;
    case 'provisioning':
    case 'rotating':
      return isFormerOver(stream, nowMs) ? [retirement, ...making] : making;
    default:
      return isFormerOver(stream, nowMs) ? [retirement] : [];
  }
}

/** What fails where there is no room for the topics of a mapping. It is no step: the stream goes on without them. */
export const mappingStep = 'topic-mapping';

/** Why a stream lacks topics that its org's mapping names. */
export function mappingError({ error }: Pick<Stream, 'error'>): StreamError | undefined {
  return error?.step === mappingStep ? error : undefined;
}

/** What the org is told of a step that failed. Addresses and messages of the cluster are the operator's: they are logged. */
export function errorOfStep(step: string, error: unknown): StreamError {
  if (error instanceof NoRoom) {
    const { of, used, most } = error.shortage;
    const full = `The cluster has no room for more ${of}: ${used} of ${most} are used. Have the operator make room, then`;
    const message =
      step === mappingStep
        ? `The mapping's new topics are not made; all else works. ${full} put the mapping again.`
        : `${full} ask for the stream again.`;
    return { class: 'capacity', step, message };
  }
  const faultClass = error instanceof StreamClusterFault ? error.class : 'refused';
  return { class: faultClass, step, message: messages[faultClass] };
}

const messages = {
  unreachable: 'The cluster does not answer. Fanout tries again by itself.',
  not_permitted: "The cluster does not let Fanout do this: have the operator check Fanout's rights on it.",
  refused:
    'The cluster refused this. Fanout tries again by itself; the operator finds the reason in the log.',
} as const;

/** One after the other, and all of them even when one is underway. */
async function each<Item>(items: readonly Item[], run: (item: Item) => Promise<Progress>): Promise<Progress> {
  let progress: Progress = 'done';
  for (const item of items) if ((await run(item)) === 'underway') progress = 'underway';
  return progress;
}
