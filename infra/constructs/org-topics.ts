import { Stack } from 'aws-cdk-lib';
import type { OwnCluster } from '../stacks/streaming.ts';
import type { FanoutFunction } from './fanout-function.ts';

/**
 * Lets a function do this to orgs' topics on our own cluster: those with a dot in their name, which Kafka's own have not. What
 * sources ingest may have one too, and is denied: nothing an org publishes may come in as a record.
 */
export function allowOrgTopics(caller: FanoutFunction, own: OwnCluster, actions: string[]): void {
  caller.allowWildcards(
    actions,
    [topicArn(caller, own, '*.*')],
    "Topics of orgs are made at run time; their names begin with the org's, which any may be",
  );
  if (own.sourceTopics.length > 0)
    caller.deny(
      actions,
      own.sourceTopics.map((topic) => topicArn(caller, own, topic)),
    );
}

/**
 * Lets a function list the topics of our own cluster, for which MSK asks whether it may describe them, whoever's they are.
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/msk-topic-operations-information.html
 */
export function allowTopicList(caller: FanoutFunction, own: OwnCluster): void {
  caller.allow(['kafka:ListTopics'], [own.arn]);
  caller.allowWildcards(
    ['kafka-cluster:DescribeTopic'],
    [topicArn(caller, own, '*')],
    'How full the cluster is counts all of its topics; nothing but their names and partitions is shown',
  );
}

function topicArn(caller: FanoutFunction, own: OwnCluster, name: string): string {
  return Stack.of(caller).formatArn({
    service: 'kafka',
    resource: 'topic',
    resourceName: `${own.name}/*/${name}`,
  });
}
