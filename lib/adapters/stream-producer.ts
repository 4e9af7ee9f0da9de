import type { StreamProducer } from '../app/ports/stream-producer.ts';
import type { StreamProducerSettings } from '../core/stream-cluster-settings.ts';
import { operatorAccess } from './broker-access.ts';
import { createKafkaStreamProducer } from './kafka-stream-producer.ts';

/**
 * What writes to streams on their cluster. It connects with the first send.
 * @param settings `StreamProducerSettings` as JSON
 */
export function openStreamProducer(settings: string): StreamProducer {
  const cluster = JSON.parse(settings) as StreamProducerSettings;
  return createKafkaStreamProducer(async () => {
    if (cluster.kind === 'self-managed') return operatorAccess(cluster);
    // Clients of AWS that only MSK needs.
    const { createMskAccess } = await import('./msk-brokers.ts');
    return createMskAccess(cluster)();
  });
}
