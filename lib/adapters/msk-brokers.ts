import { GetBootstrapBrokersCommand, KafkaClient } from '@aws-sdk/client-kafka';
import { generateAuthToken } from 'aws-msk-iam-sasl-signer-js';
import { StreamClusterFault } from '../app/ports/stream-cluster.ts';
import type { MskCluster } from '../core/stream-cluster-settings.ts';
import { boundedRequests } from './bounded-requests.ts';
import type { BrokerAccess } from './kafka-operator.ts';
import { callAws } from './msk-faults.ts';

/** The cluster's brokers, as different clients reach them. Consumers come as the cluster lets them: over the Internet, or by PrivateLink. */
export async function brokersOf(
  kafka: KafkaClient,
  { clusterArn: ClusterArn }: Pick<MskCluster, 'clusterArn'>,
) {
  const answer = await callAws(kafka.send(new GetBootstrapBrokersCommand({ ClusterArn })));
  const { BootstrapBrokerStringSaslIam: iam, BootstrapBrokerStringSaslScram: scram } = answer;
  if (!iam || !scram) throw new StreamClusterFault('refused', 'the cluster has no SASL/IAM or no SASL/SCRAM');
  const consumers =
    answer.BootstrapBrokerStringPublicSaslScram ??
    answer.BootstrapBrokerStringVpcConnectivitySaslScram ??
    scram;
  return { iam: iam.split(','), scram: scram.split(','), consumers: consumers.split(',') };
}

/** How a function in the cluster's network reaches it, signed in with its role. */
export function createMskAccess(
  cluster: MskCluster,
  kafka = new KafkaClient(boundedRequests),
): () => Promise<BrokerAccess> {
  return async () => ({
    bootstrapServers: (await brokersOf(kafka, cluster)).iam,
    tls: true,
    sasl: {
      mechanism: 'OAUTHBEARER',
      token: async () => (await generateAuthToken({ region: cluster.region })).token,
    },
  });
}
