import type { StreamCluster } from '../app/ports/stream-cluster.ts';
import type { StreamClusterSettings } from '../core/stream-cluster-settings.ts';
import { operatorAccess } from './broker-access.ts';
import { createKafkaStreamCluster } from './kafka-stream-cluster.ts';

/**
 * The cluster that streams are on.
 * @param settings `StreamClusterSettings` as JSON
 */
export async function openStreamCluster(settings: string): Promise<StreamCluster> {
  const cluster = JSON.parse(settings) as StreamClusterSettings;
  if (cluster.kind === 'self-managed') {
    const { bootstrapServers, securityProtocol } = cluster;
    const connection = { bootstrapServers: bootstrapServers.join(','), securityProtocol };
    return createKafkaStreamCluster(() => operatorAccess(cluster), connection, cluster);
  }
  // Clients of AWS that only MSK needs.
  const { openMskStreamCluster } = await import('./msk-stream-cluster.ts');
  return openMskStreamCluster(cluster, cluster);
}
