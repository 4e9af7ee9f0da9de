import { chunks } from '../core/chunks.ts';
import type { EventIds } from '../core/event-id.ts';
import type { SkippedRecord } from '../core/journal.ts';
import type { QuarantinedRecord } from '../core/quarantine.ts';
import { type RecordEvent, readRecordEvent } from '../core/record-event.ts';
import { RecordRejected, type Rejection } from '../core/rejection.ts';
import { type SourceRecord, recordText, transformContext } from '../core/source-record.ts';
import type { SourceConfig, VersionedTransform } from '../core/source.ts';
import type { TransformOutcome, TransformRunner } from './ports/transforms.ts';
import type { AcceptedEvent } from './route-events.ts';

export interface ReadDependencies {
  readonly source: { readonly name: string; readonly number: number };
  readonly eventIds: EventIds;
  readonly transforms: TransformRunner;
  readonly now: () => number;
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

/** Records that go through a transform together. */
const transformedAtOnce = 16;
/** What one invocation takes on: a transform may make much of a record. What is beyond comes again. */
const mostEvents = 2_000;
const mostDataBytes = 32 * 1024 * 1024;

/**
 * Turns records into events, by the source's transform where it has one.
 * @param deadlineMs when no further transform begins, milliseconds since 1970
 * @throws when the source's transform does not load in time
 */
export async function readRecords(
  dependencies: ReadDependencies,
  config: SourceConfig | undefined,
  records: readonly SourceRecord[],
  deadlineMs: number,
): Promise<ReadRecords> {
  const result: Result = { accepted: [], skipped: [], quarantined: [], unreached: [] };
  let dataBytes = 0;
  const isFull = () => result.accepted.length >= mostEvents || dataBytes >= mostDataBytes;
  for (const group of chunks(records, config?.transform ? transformedAtOnce : records.length)) {
    const isOver = result.unreached.length > 0 || isFull();
    const readings = isOver ? [] : await readEach(dependencies, config, group, deadlineMs);
    for (const [at, record] of group.entries()) {
      const reading = readings[at] ?? 'unreached';
      if (reading === 'unreached' || result.unreached.length > 0 || isFull()) result.unreached.push(record);
      else dataBytes += take(dependencies, config?.transform?.version, record, reading, result);
    }
  }
  return result;
}

type Result = { -readonly [Name in keyof ReadRecords]: ReadRecords[Name][number][] };

/** Puts what became of a record where it belongs. @returns how much data its events have, in characters */
function take(
  { source, eventIds, now }: ReadDependencies,
  transformVersion: number | undefined,
  record: SourceRecord,
  reading: Exclude<Reading, 'unreached'>,
  { accepted, skipped, quarantined }: Result,
): number {
  const { partition, offset, timestampMs } = record;
  const addressOf = (index: number) => ({ source: source.number, partition, offset, index });
  const idOf = (index: number) => eventIds.encode(timestampMs, addressOf(index));
  if ('rejection' in reading) {
    const { rejection } = reading;
    quarantined.push({ id: idOf(0), source: source.name, record, rejection, quarantinedAtMs: now() });
    return 0;
  }
  if (reading.events.length === 0) {
    const skippedBy = { transformVersion: transformVersion! };
    skipped.push({ id: idOf(0), timeMs: timestampMs, address: addressOf(0), skippedBy });
    return 0;
  }
  const version = transformVersion !== undefined && { transformVersion };
  for (const [index, event] of reading.events.entries()) {
    accepted.push({ id: idOf(index), timeMs: timestampMs, address: addressOf(index), event, ...version });
  }
  return reading.events.reduce((sum, { data }) => sum + data.length, 0);
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
