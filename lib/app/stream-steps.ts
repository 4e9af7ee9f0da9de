import {
  ownTopics,
  type Stream,
  type StreamError,
  streamPrefix,
  topicName,
  topicNames,
  unclaimedTopics,
  usernamesOf,
  wantedUsers,
  withoutNewTopics,
} from '../core/stream.ts';
import { type Shortage, orgShortage } from '../core/stream-capacity.ts';
import { type Progress, type StreamCluster, StreamClusterFault } from './ports/stream-cluster.ts';

/** A part of the work on a stream. It may be done again at any time, and after any failure. */
export interface StreamStep {
  readonly name: string;
  readonly run: (cluster: StreamCluster, stream: Stream, claim: ClaimTopics) => Promise<Progress>;
}

/** Writes down that these topics are the stream's own: before they are made, so that none is left over that nobody knows of. */
export type ClaimTopics = (topics: readonly string[]) => Promise<void>;

/** The stream cannot be made as things stand, and trying again by itself would not help. */
export abstract class StreamRefusal extends Error {}

/** There are topics with the names of the stream's that it has not made. */
export class TopicsTaken extends StreamRefusal {
  readonly topics: readonly string[];

  constructor(topics: readonly string[]) {
    super(`there already, and not made by Fanout: ${topics.join(', ')}`);
    this.topics = topics;
  }
}

/** There is no room for the stream. */
export class NoRoom extends StreamRefusal {
  readonly shortage: Shortage;

  constructor(shortage: Shortage) {
    super(`no room for more ${shortage.of}: ${shortage.used} of ${shortage.most} are used`);
    this.shortage = shortage;
  }
}

/** Whether it is the cluster that has no room, not the org that has its share: then the operator has something to do. */
export function isClusterFull(refusal: StreamRefusal | undefined): boolean {
  return refusal instanceof NoRoom && refusal.shortage.of !== 'partitions of the org';
}

/** In this order: nothing is made that there is no room for, and nobody is let in before he is told what he may. */
const making: readonly StreamStep[] = [
  {
    name: 'capacity',
    async run(cluster, stream) {
      const { partitions } = stream;
      const had = withoutNewTopics(stream).topics.length;
      const shortage =
        orgShortage(had, stream.topics.length - had, partitions) ??
        (await cluster.shortage({
          topics: topicNames(stream),
          partitions,
          usernames: wantedUsers(stream).map(({ username }) => username),
        }));
      if (shortage) throw new NoRoom(shortage);
      return 'done';
    },
  },
  {
    name: 'topics',
    async run(cluster, stream, claim) {
      const unclaimed = unclaimedTopics(stream);
      if (unclaimed.length > 0) {
        const names = unclaimed.map((topic) => topicName(stream.orgId, topic));
        const taken = await cluster.existingTopics(names, stream.partitions);
        if (taken.length > 0) throw new TopicsTaken(taken);
        await claim(unclaimed);
      }
      return cluster.ensureTopics(topicNames(stream), stream.partitions);
    },
  },
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
const removing = (nowMs: number): readonly StreamStep[] => [
  {
    name: 'acls',
    async run(cluster, stream) {
      for (const username of usernamesOf(stream)) await cluster.removeAcls(username);
      return 'done';
    },
  },
  {
    name: 'user',
    run: (cluster, stream) => each(usernamesOf(stream), (name) => cluster.removeUser(name)),
  },
  {
    name: 'topics',
    async run(cluster, stream) {
      const { orgId, updatedAt } = stream;
      const progress = await cluster.removeTopics(topicNames({ orgId, topics: ownTopics(stream) }));
      // Made until then, and by whoever was at it when the removal was asked for.
      return nowMs < Date.parse(updatedAt) + cluster.showsAfterMs ? 'underway' : progress;
    },
  },
];

/** The time of these users is over. */
function retirementOf(usernames: readonly string[]): StreamStep {
  return {
    name: 'former-user',
    run: (cluster) =>
      each(usernames, async (username) => {
        await cluster.removeAcls(username);
        return cluster.removeUser(username);
      }),
  };
}

/**
 * What is to be done for a stream now.
 * @param ended users whose time is over
 */
export function stepsOf({ state }: Stream, ended: readonly string[], nowMs: number): readonly StreamStep[] {
  const retiring = ended.length > 0 ? [retirementOf(ended)] : [];
  switch (state) {
    case 'deleting':
      return removing(nowMs);
    case 'provisioning':
    case 'rotating':
      return [...retiring, ...making];
    default:
      return retiring;
  }
}

/** What fails where the topics of a mapping cannot be made. It is no step: the stream goes on without them. */
export const mappingStep = 'topic-mapping';

/** Why a stream lacks topics that its org's mapping names. */
export function mappingError({ error }: Pick<Stream, 'error'>): StreamError | undefined {
  return error?.step === mappingStep ? error : undefined;
}

/** Why a stream was not made as it was wanted, which stays so until it is asked for again. */
export function refusalOf({ error }: Pick<Stream, 'error'>): StreamError | undefined {
  return error?.class === 'capacity' || error?.class === 'topic_taken' ? error : undefined;
}

/** What the org is told of a step that failed. Addresses and messages of the cluster are the operator's: they are logged. */
export function errorOfStep(step: string, error: unknown): StreamError {
  if (error instanceof StreamRefusal) {
    const message =
      step === mappingStep
        ? `The mapping's new topics are not made; all else works. ${remedyOf(error)}, then put the mapping again.`
        : `${remedyOf(error)}, then ask for the stream again.`;
    return { class: error instanceof TopicsTaken ? 'topic_taken' : 'capacity', step, message };
  }
  const faultClass = error instanceof StreamClusterFault ? error.class : 'refused';
  return { class: faultClass, step, message: messages[faultClass] };
}

function remedyOf(refusal: StreamRefusal): string {
  if (refusal instanceof NoRoom) {
    const { of, used, most } = refusal.shortage;
    if (of === 'partitions of the org')
      return `The org's topics have ${most} partitions at most, and ${used} are used. Take fewer topics`;
    return `The cluster has no room for more ${of}: ${used} of ${most} are used. Have the operator make room`;
  }
  const { topics } = refusal as TopicsTaken;
  const names = topics.map((topic) => `'${topic}'`).join(', ');
  return topics.length === 1
    ? `Topic ${names} is there already, and Fanout has not made it. Have whoever it belongs to remove it, or take another name`
    : `Topics ${names} are there already, and Fanout has not made them. Have whoever they belong to remove them, or take other names`;
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
