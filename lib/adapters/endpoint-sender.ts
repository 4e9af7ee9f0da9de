import type { EndpointSender } from '../app/ports/endpoint-sender.ts';
import type { PartitionKeys } from '../app/ports/partition-keys.ts';
import { timeOf } from '../core/event-id.ts';
import { kafkaMessage } from '../core/kafka-message.ts';
import { createKafkaSender } from './kafka-sender.ts';
import type { TargetRules } from './target-rules.ts';
import { createWebhookSender } from './undici-webhook-sender.ts';

/**
 * Sends to endpoints of every type.
 * @param rules where they may be
 */
export function createEndpointSender(
  rules: TargetRules,
  partitionKeys: Pick<PartitionKeys, 'keyOf'>,
  now: () => number,
): EndpointSender {
  const webhooks = createWebhookSender(rules, now);
  const clusters = createKafkaSender(rules, now, rules);
  return {
    attempt(endpoint, eventId, body, times) {
      const seenId = body.givenId ?? eventId;
      if (endpoint.type === 'webhook') return webhooks.attempt(endpoint, seenId, body, times);
      const { id, kafka, timeoutMs } = endpoint;
      const event = { ...body, id: seenId, timeMs: body.timeMs ?? timeOf(eventId) };
      // A template is the endpoint's own code: whatever it costs, an attempt that does not come to it does not pay.
      const message = () => kafkaMessage(event, partitionKeys.keyOf(kafka.partitionKeyTemplate, event, id));
      return clusters.attempt(id, kafka, message, timeoutMs, times);
    },
  };
}
