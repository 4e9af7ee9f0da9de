import { Stack } from 'aws-cdk-lib';
import type { OwnCluster } from '../stacks/streaming.ts';
import type { FanoutFunction } from './fanout-function.ts';

/**
 * Lets a function do this to orgs' topics on our own cluster: those with a dot in their name, which Kafka's own have not. What
 * sources ingest may have one too, and is denied: nothing an org publishes may come in as a record.
 */
export function allowOrgTopics(caller: FanoutFunction, own: OwnCluster, actions: string[]): void {
  const topic = (name: string) =>
    Stack.of(caller).formatArn({
      service: 'kafka',
      resource: 'topic',
      resourceName: `${own.name}/*/${name}`,
    });
  caller.allowWildcards(
    actions,
    [topic('*.*')],
    "Topics of orgs are made at run time; their names begin with the org's, which any may be",
  );
  if (own.sourceTopics.length > 0) caller.deny(actions, own.sourceTopics.map(topic));
}
