import { type output, z } from 'zod';
import { jsonMembers } from '../../core/json-members.ts';
import { RawJson } from '../../core/raw-json.ts';
import type { SourceConfig, SourceDescription } from '../../core/source.ts';
import type { SourceRecord } from '../../core/source-record.ts';
import { type DecideDependencies, type Decision, decide } from '../decide.ts';
import type { RoutedEvent } from '../route-events.ts';
import type { Documents } from '../ports/documents.ts';
import { presentTarget } from './event-state.ts';
import { type Operations, withBody } from './operation.ts';
import { Problem } from './problem.ts';
import { checkTransform, sourceNamed, transformSchema } from './sources.ts';

export interface DryRunDependencies {
  readonly known: readonly SourceDescription[];
  readonly configs: Pick<Documents<SourceConfig>, 'get'>;
  /** But for the source. */
  readonly pipeline: Omit<DecideDependencies, 'source'>;
  readonly now: () => number;
}

const mostOffset = 2 ** 46 - 1;
const base64 = z.base64('must be base64');
const pastedRecord = z.strictObject({
  value: z.unknown().optional(),
  value_base64: base64.optional(),
  key: z.string().max(65_536).optional(),
  headers: z.record(z.string(), z.string()).default({}),
  partition: z.number().int().min(0).max(16_383).default(0),
  offset: z.number().int().min(0).max(mostOffset).default(0),
  timestamp: z.iso.datetime({ offset: true, error: 'must be an RFC 3339 time' }).optional(),
  transform: transformSchema.nullable().optional(),
});

/** Tells what would become of a record, without storing or sending anything. For operators. */
export function dryRunOperations({ known, configs, pipeline, now }: DryRunDependencies): Operations {
  return {
    'POST /v1/sources/{source}/dry-run': withBody([], pastedRecord, async ({ path, body, text }) => {
      const source = sourceNamed(known, path['source']!);
      const config = await configs.get(source.name);
      if (body.transform) await checkTransform(pipeline.transforms, body.transform);
      const tried = withTransform(config, body.transform);
      const record = pasted(source, body, text, now());
      const decision = await decide({ ...pipeline, source }, tried, record);
      return { status: 200, body: present(decision, body.transform ? 'draft' : tried?.transform?.version) };
    }),
  };
}

/** The source as it is, or with the transform that is to be tried: null for none. */
function withTransform(
  config: SourceConfig | undefined,
  transform: output<typeof pastedRecord>['transform'],
): SourceConfig | undefined {
  if (transform === undefined || (transform === null && !config)) return config;
  const { transform: saved, ...rest } = config ?? { id: '', transformVersions: 0, skips: [], updatedAt: '' };
  return transform === null ? rest : { ...rest, transform: { ...transform, version: 0 } };
}

function pasted(
  source: SourceDescription,
  body: output<typeof pastedRecord>,
  text: string,
  nowMs: number,
): SourceRecord {
  const { key, headers, partition, offset, timestamp } = body;
  return {
    topic: source.topic,
    partition,
    offset,
    timestampMs: timestamp === undefined ? nowMs : Date.parse(timestamp),
    key: key === undefined ? undefined : Buffer.from(key),
    value: pastedValue(body, text),
    headers: Object.entries(headers).map(([name, value]) => [name, Buffer.from(value)] as const),
  };
}

/** JSON as it was written in the call, so that its numbers stay; a string is the record's text itself. */
function pastedValue({ value, value_base64 }: output<typeof pastedRecord>, text: string): Buffer | undefined {
  if (value !== undefined && value_base64 !== undefined) {
    const message = 'give value or value_base64, not both';
    throw new Problem('invalid_request', '1 field is not valid.', [{ path: 'value_base64', message }]);
  }
  if (value_base64 !== undefined) return Buffer.from(value_base64, 'base64');
  if (value === undefined || value === null) return undefined;
  return Buffer.from(typeof value === 'string' ? value : jsonMembers(text).get('value')!);
}

function present(decision: Decision, transformVersion: number | 'draft' | undefined) {
  const { outcome } = decision;
  return {
    outcome,
    ...(transformVersion !== undefined && { transform_version: transformVersion }),
    ...(outcome === 'quarantined' && decision.rejection),
    ...(outcome === 'events' && { events: decision.events.map(presentEvent) }),
  };
}

function presentEvent({ event, routing, duplicateOf, needsFanOut }: RoutedEvent) {
  return {
    event_type: event.eventType,
    ...(event.idempotencyKey && { idempotency_key: event.idempotencyKey }),
    ...(duplicateOf && { duplicate_of: duplicateOf }),
    target: presentTarget(event),
    headers: event.headers,
    ...(event.droppedHeaders.length > 0 && { dropped_headers: event.droppedHeaders }),
    data: new RawJson(event.data),
    // A duplicate is kept, and delivered to nobody.
    deliver_to: duplicateOf
      ? []
      : routing.endpoints.map(({ id, orgId, status }) => ({ endpoint_id: id, owner_id: orgId, status })),
    not_delivered: routing.notDelivered.map(({ endpointId, reason }) => ({
      endpoint_id: endpointId,
      reason,
    })),
    ...(Object.keys(routing.moreNotDelivered).length > 0 && { more_not_delivered: routing.moreNotDelivered }),
    // More endpoints than are looked at for a dry run.
    ...(needsFanOut && { fan_out: true }),
  };
}
