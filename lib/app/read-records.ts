import type { EventIds } from '../core/event-id.ts';
import type { SkippedRecord } from '../core/journal.ts';
import type { QuarantinedRecord } from '../core/quarantine.ts';
import { type RecordEvent, readRecordEvent } from '../core/record-event.ts';
import { RecordRejected, type Rejection } from '../core/rejection.ts';
import { type SourceRecord, recordText, transformContext } from '../core/source-record.ts';
import type { SourceConfig, VersionedTransform } from '../core/source.ts';
import type { TransformOutcome, TransformRunner } from './ports/transforms.ts';

export interface ReadDependencies {
  readonly source: { readonly name: string; readonly number: number };
  readonly eventIds: EventIds;
  readonly transforms: TransformRunner;
  readonly now: () => number;
}

/** An event of a record. */
export interface AcceptedEvent {
  readonly id: string;
  readonly record: SourceRecord;
  /** Which of the record's events it is, from 0. */
  readonly index: number;
  readonly event: RecordEvent;
  readonly transformVersion?: number;
}

export interface ReadRecords {
  readonly accepted: readonly AcceptedEvent[];
  readonly skipped: readonly SkippedRecord[];
  readonly quarantined: readonly QuarantinedRecord[];
  /** Records that the transforms of those before them left no time for: they are to come again. */
  readonly unreached: readonly SourceRecord[];
}

/** What became of one record. A record is accepted whole or not at all. */
type Reading = { readonly events: readonly RecordEvent[] } | { readonly rejection: Rejection } | 'unreached';

/**
 * Turns records into events, by the source's transform where it has one.
 * @param deadlineMs when no further transform begins, milliseconds since 1970
 */
export async function readRecords(
  dependencies: ReadDependencies,
  config: SourceConfig | undefined,
  records: readonly SourceRecord[],
  deadlineMs: number,
): Promise<ReadRecords> {
  const { source, eventIds, now } = dependencies;
  const readings = await readEach(dependencies, config, records, deadlineMs);
  const transformVersion = config?.transform?.version;
  const result = {
    accepted: [] as AcceptedEvent[],
    skipped: [] as SkippedRecord[],
    quarantined: [] as QuarantinedRecord[],
    unreached: [] as SourceRecord[],
  };
  for (const [at, record] of records.entries()) {
    const reading = readings[at]!;
    const { partition, offset, timestampMs } = record;
    const addressOf = (index: number) => ({ source: source.number, partition, offset, index });
    const idOf = (index: number) => eventIds.encode(timestampMs, addressOf(index));
    if (reading === 'unreached') result.unreached.push(record);
    else if ('rejection' in reading) {
      const { rejection } = reading;
      result.quarantined.push({
        id: idOf(0),
        source: source.name,
        record,
        rejection,
        quarantinedAtMs: now(),
      });
    } else if (reading.events.length === 0) {
      const skippedBy = { transformVersion: transformVersion! };
      result.skipped.push({ id: idOf(0), timeMs: timestampMs, address: addressOf(0), skippedBy });
    } else {
      for (const [index, event] of reading.events.entries()) {
        const version = transformVersion !== undefined && { transformVersion };
        result.accepted.push({ id: idOf(index), record, index, event, ...version });
      }
    }
  }
  return result;
}

async function readEach(
  { transforms }: ReadDependencies,
  config: SourceConfig | undefined,
  records: readonly SourceRecord[],
  deadlineMs: number,
): Promise<Reading[]> {
  const skips = new Set(config?.skips.map(({ partition, offset }) => `${partition} ${offset}`));
  const isSkip = ({ partition, offset }: SourceRecord) => skips.has(`${partition} ${offset}`);
  const { transform } = config ?? {};
  if (!transform) {
    return records.map((record) =>
      isSkip(record)
        ? skippedByOperator
        : reading(() => [readRecordEvent(recordText(record), record.headers)]),
    );
  }
  // A tombstone is a message of its own in compacted topics, so a transform gets to see it.
  const texts = records.map((record) => {
    if (isSkip(record)) return skippedByOperator;
    return record.value === undefined ? { text: undefined } : attempt(() => ({ text: recordText(record) }));
  });
  const outcomes = await runTransform(transforms, transform, records, texts, deadlineMs);
  return records.map((record, at) => {
    const outcome = outcomes.get(at) ?? texts[at]!;
    if ('rejection' in outcome) return outcome;
    if (!('events' in outcome)) return 'unreached';
    return reading(() => readTransformed(outcome.events, record));
  });
}

const skippedByOperator = {
  rejection: { reason: 'skipped_by_operator', detail: 'an operator had this offset skipped' },
} as const;

/** Runs those that have a text; the answer is by their place among the records. */
async function runTransform(
  transforms: TransformRunner,
  transform: VersionedTransform,
  records: readonly SourceRecord[],
  texts: readonly ({ text: string | undefined } | { rejection: Rejection })[],
  deadlineMs: number,
): Promise<Map<number, TransformOutcome>> {
  const places: number[] = [];
  const inputs = texts.flatMap((read, at) => {
    if ('rejection' in read) return [];
    places.push(at);
    return [{ text: read.text, context: transformContext(records[at]!) }];
  });
  if (inputs.length === 0) return new Map();
  const outcomes = await transforms.run(transform, inputs, deadlineMs);
  return new Map(outcomes.map((outcome, at) => [places[at]!, outcome]));
}

function readTransformed(texts: readonly string[], { headers }: SourceRecord): RecordEvent[] {
  return texts.map((text, index) => {
    try {
      return readRecordEvent(text, headers);
    } catch (error) {
      if (texts.length === 1 || !(error instanceof RecordRejected)) throw error;
      throw new RecordRejected(error.reason, `event ${index + 1} of ${texts.length}: ${error.detail}`);
    }
  });
}

function reading(read: () => RecordEvent[]): Reading {
  return attempt(() => ({ events: read() }));
}

function attempt<T>(read: () => T): T | { rejection: Rejection } {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RecordRejected)) throw error;
    return { rejection: { reason: error.reason, detail: error.detail } };
  }
}
