import {
  CreateTopicCommand,
  DeleteTopicCommand,
  DescribeTopicCommand,
  type KafkaClient,
  paginateListTopics,
} from '@aws-sdk/client-kafka';
import type { Progress, StreamCluster } from '../app/ports/stream-cluster.ts';
import { callAws, callAwsUnless } from './msk-faults.ts';
import type { MskSettings } from '../core/stream-cluster-settings.ts';

const unknown = ['NotFoundException', 'UnknownTopicOrPartitionException'];

/** Topics of an MSK cluster. What is made or removed shows some minutes later: until then it is underway. */
export function createMskTopics(
  client: KafkaClient,
  settings: Pick<MskSettings, 'clusterArn' | 'replication' | 'minInSyncReplicas'>,
): Pick<StreamCluster, 'ensureTopics' | 'removeTopics'> {
  const { clusterArn: ClusterArn, replication: ReplicationFactor, minInSyncReplicas } = settings;

  const ensure = async (TopicName: string, PartitionCount: number): Promise<Progress> => {
    const there = await callAwsUnless(
      unknown,
      client.send(new DescribeTopicCommand({ ClusterArn, TopicName })),
    );
    if (there) return there.Status === 'ACTIVE' || there.Status === 'UPDATING' ? 'done' : 'underway';
    const Configs = Buffer.from(`min.insync.replicas=${minInSyncReplicas}\n`).toString('base64');
    const topic = { ClusterArn, TopicName, PartitionCount, ReplicationFactor, Configs };
    await callAwsUnless(
      ['TopicExistsException', 'ConflictException'],
      client.send(new CreateTopicCommand(topic)),
    );
    return 'underway';
  };

  const remove = async (TopicName: string): Promise<Progress> => {
    const there = await callAwsUnless(
      unknown,
      client.send(new DescribeTopicCommand({ ClusterArn, TopicName })),
    );
    if (!there) return 'done';
    // One that is being made or removed already.
    const passing = [...unknown, 'ConflictException'];
    await callAwsUnless(passing, client.send(new DeleteTopicCommand({ ClusterArn, TopicName })));
    return 'underway';
  };

  return {
    ensureTopics: (names, partitions) => together(names, (name) => ensure(name, partitions)),
    removeTopics: (names) => together(names, remove),
  };
}

/** All topics of a cluster, with their number of partitions. */
export async function topicsOnMsk(client: KafkaClient, ClusterArn: string): Promise<Map<string, number>> {
  const pages = paginateListTopics({ client }, { ClusterArn });
  const topics = await callAws(
    (async () => {
      const all = [];
      for await (const { Topics = [] } of pages) all.push(...Topics);
      return all;
    })(),
  );
  return new Map(topics.map(({ TopicName = '', PartitionCount = 0 }) => [TopicName, PartitionCount]));
}

async function together(
  names: readonly string[],
  run: (name: string) => Promise<Progress>,
): Promise<Progress> {
  const all: Progress[] = [];
  for (const name of names) all.push(await run(name));
  return all.includes('underway') ? 'underway' : 'done';
}
