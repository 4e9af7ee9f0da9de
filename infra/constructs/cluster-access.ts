import type { SelfManagedCluster } from '../source-settings.ts';
import { securityProtocol } from '../stream-settings.ts';
import type { FanoutFunction } from './fanout-function.ts';

const mechanisms = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
} as const;

/**
 * Lets a function reach a Kafka that is not MSK's, as the operator whose password the secret holds.
 * @returns what the function finds in its settings of the cluster
 */
export function reachSelfManaged(caller: FanoutFunction, cluster: SelfManagedCluster) {
  const { authentication, credentials, certificateAuthority, network } = cluster;
  if (authentication === 'none' || !credentials) throw new Error('streams need an operator of the cluster');
  if (network) caller.enterNetwork(network.subnetIds, network.securityGroupIds);
  for (const secret of [credentials, certificateAuthority]) {
    if (secret) caller.allow(['secretsmanager:GetSecretValue'], [secret.secretArn]);
    if (secret?.keyArn) caller.allow(['kms:Decrypt'], [secret.keyArn]);
  }
  return {
    kind: 'self-managed' as const,
    bootstrapServers: cluster.bootstrapServers,
    securityProtocol: securityProtocol(cluster),
    saslMechanism: mechanisms[authentication],
    credentials: credentials.secretArn,
    ...(certificateAuthority && { certificateAuthority: certificateAuthority.secretArn }),
  };
}
