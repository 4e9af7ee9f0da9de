import { type StreamingEvent, readStreamingEvents } from '../../core/streaming-event.ts';
import { streamHeaders, topicName } from '../../core/stream.ts';
import type { StreamRecord } from '../ports/stream-producer.ts';
import { type PublishRecordsDependencies, publishRecords } from '../publish-records.ts';
import type { Operation, Operations } from './operation.ts';
import { publishOperation } from './publish-operation.ts';
import { publishedAnswer, withoutFaults } from './published-answer.ts';

/** Notifications and prices: one event or a bundle of them, each to a topic of its own in the path's org. */
export function notificationOperations(dependencies: PublishRecordsDependencies): Operations {
  return {
    'POST /v1/orgs/{org}/notifications': publishTo(dependencies, 'notifications'),
    'POST /v1/orgs/{org}/prices': publishTo(dependencies, 'prices'),
  };
}

function publishTo(dependencies: PublishRecordsDependencies, stream: 'notifications' | 'prices'): Operation {
  const read = (_: unknown, text: string) => withoutFaults(readStreamingEvents(text));
  return publishOperation(read, async ({ path, body: { events }, text, idempotencyKey, traceparent }) => {
    const orgId = path['org']!;
    const { topic, places, answer } = await publishRecords(
      dependencies,
      { orgId, operation: stream, text, idempotencyKey, traceparent, isRenderedAlike: true },
      async () => ({
        topic: topicName(orgId, stream),
        records: events.map(recordOf),
        answer: { ids: events.map(({ id }) => id) },
      }),
    );
    const records = answer.ids.map((id) => ({ id }));
    return publishedAnswer(topic, records, places);
  });
}

/** The event as it was sent. */
function recordOf({ id, type, key, value }: StreamingEvent): StreamRecord {
  return { key, value, headers: streamHeaders(id, type) };
}
