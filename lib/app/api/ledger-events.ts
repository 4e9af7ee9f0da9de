import type { EventIds } from '../../core/event-id.ts';
import { type LedgerEvent, keyedId, readLedgerEvents } from '../../core/ledger-event.ts';
import { streamHeaders, topicName } from '../../core/stream.ts';
import { type TopicMapping, topicFor } from '../../core/topic-mapping.ts';
import type { TopicMappingReader } from '../ports/topic-mappings.ts';
import { type PublishRecordsDependencies, publishRecords } from '../publish-records.ts';
import type { Operations } from './operation.ts';
import { publishOperation } from './publish-operation.ts';
import { publishedAnswer, withoutFaults } from './published-answer.ts';

export interface LedgerEventDependencies extends PublishRecordsDependencies {
  readonly eventIds: EventIds;
  readonly mappings: TopicMappingReader;
}

/** Events of ledgers: one or an array of them, each to the topic that the org's mapping has for its type. */
export function ledgerEventOperations(dependencies: LedgerEventDependencies): Operations {
  const { eventIds, mappings } = dependencies;
  return {
    'POST /v1/orgs/{org}/ledger-events': publishOperation(
      (_, text) => withoutFaults(readLedgerEvents(text)),
      async ({ path, body: { events }, text, idempotencyKey, traceparent }) => {
        const orgId = path['org']!;
        const { places, answer } = await publishRecords(
          dependencies,
          { orgId, operation: 'ledger-events', text, idempotencyKey, traceparent },
          async (startedMs, place) => {
            const mapping = await mappings.read(orgId);
            const idAt = (index: number) => eventIds.encode(startedMs, { ...place, index });
            const records = events.map((event, index) => recordOf(orgId, event, mapping, idAt(index)));
            const published = records.map(({ topic, headers }) => ({ id: headers['event-id'], topic }));
            return { topic: records[0]!.topic, records, answer: { records: published } };
          },
        );
        const topics = new Set(answer.records.map(({ topic }) => topic));
        return publishedAnswer(topics.size === 1 ? [...topics][0] : undefined, answer.records, places);
      },
    ),
  };
}

/** @param madeId for an event whose ledger has given none */
function recordOf(orgId: string, event: LedgerEvent, mapping: TopicMapping, madeId: string) {
  const { type, ledger, idempotencyKey, value } = event;
  const id = idempotencyKey === undefined ? madeId : keyedId(ledger, idempotencyKey);
  const headers = streamHeaders(id, type);
  return { topic: topicName(orgId, topicFor(mapping, type)), key: ledger, value, headers };
}
