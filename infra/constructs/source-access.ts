import { CustomResource, Duration, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { MskCluster } from '../../lib/core/stream-cluster-settings.ts';
import type { SourceSettings } from '../source-settings.ts';
import type { OwnCluster } from '../stacks/streaming.ts';
import { sourceUser } from './cluster-users.ts';
import { FanoutFunction } from './fanout-function.ts';

export interface SourceAccessProps {
  readonly functions: string;
  readonly stage: string;
  readonly own: OwnCluster;
}

const timeout = Duration.seconds(60);

/** Lets the users of sources read their topics, which takes Kafka's own protocol: CloudFormation has nothing for ACLs. */
export class SourceAccess extends Construct {
  readonly #grants: FanoutFunction;
  readonly #stage: string;
  readonly #clusterArn: string;

  constructor(scope: Construct, id: string, { functions, stage, own }: SourceAccessProps) {
    super(scope, id);
    this.#stage = stage;
    this.#clusterArn = own.arn;
    const { region } = Stack.of(this);
    const cluster: MskCluster = { kind: 'msk', clusterArn: own.arn, region };
    this.#grants = new FanoutFunction(this, 'Grants', {
      functions,
      stage,
      code: 'source-access',
      description: "Lets sources' users read their topics",
      timeout,
      memoryMiB: 256,
      environment: { CLUSTER: JSON.stringify(cluster) },
    })
      .enterNetwork(own.subnetIds, [own.securityGroupId])
      .allow(
        [
          'kafka:GetBootstrapBrokers',
          'kafka-cluster:Connect',
          'kafka-cluster:DescribeCluster',
          // Rights are the cluster's.
          'kafka-cluster:AlterCluster',
        ],
        [own.arn],
      );
  }

  /** @returns what a mapping that reads as the user has to wait for */
  letRead(source: string, { topic, consumerGroupId }: SourceSettings): CustomResource {
    const reader = new CustomResource(this, source, {
      resourceType: 'Custom::SourceReader',
      serviceToken: this.#grants.function.functionArn,
      // Beyond the function's own, in which it tells what went wrong.
      serviceTimeout: timeout.plus(Duration.seconds(30)),
      properties: {
        // CloudFormation asks again only where one of these has changed, and on another cluster nobody has any rights.
        clusterArn: this.#clusterArn,
        username: sourceUser(this.#stage, source),
        topic,
        consumerGroup: consumerGroupId,
      },
    });
    reader.node.addDependency(this.#grants);
    return reader;
  }
}
