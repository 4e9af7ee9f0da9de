import type { IngestResult } from '../lib/app/ports/events.ts';
import type { JournalEvent } from '../lib/core/journal.ts';

/** A journalled event; name only what a test is about. */
export function journalEvent(parts: Partial<JournalEvent> = {}): JournalEvent {
  return {
    id: '01HF7YAT00QKZ1V2B3N4M5P6R7',
    timeMs: 1_700_000_000_000,
    address: { source: 1, partition: 0, offset: 0, index: 0 },
    eventType: 'order.created',
    data: '{}',
    headers: {},
    droppedHeaders: [],
    target: { type: 'broadcast' },
    deliveries: [],
    notDelivered: [],
    moreNotDelivered: {},
    ...parts,
  };
}

/** What an invocation leaves behind; name only what a test is about. */
export function ingestResult(parts: Partial<IngestResult>): IngestResult {
  return { events: [], skipped: [], deliveries: [], quarantined: [], ...parts };
}
