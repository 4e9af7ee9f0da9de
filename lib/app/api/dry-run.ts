import { type output, z } from 'zod';
import type { Org } from '../../core/org.ts';
import { jsonMembers } from '../../core/json-members.ts';
import { RawJson } from '../../core/raw-json.ts';
import type { SourceConfig, SourceDescription } from '../../core/source.ts';
import type { SourceRecord } from '../../core/source-record.ts';
import { type DecideDependencies, type Decision, decide } from '../decide.ts';
import type { RoutedEvent } from '../route-events.ts';
import type { Documents } from '../ports/documents.ts';
import { answerBytes, mostAnswerBytes } from './answer-size.ts';
import { countBy, presentTarget } from './event-state.ts';
import { type Operations, withBody } from './operation.ts';
import { Problem } from './problem.ts';
import { checkTransform, sourceNamed, transformSchema } from './sources.ts';
import { whyNobody } from './why-nobody.ts';

export interface DryRunDependencies {
  readonly known: readonly SourceDescription[];
  readonly configs: Pick<Documents<SourceConfig>, 'get'>;
  readonly orgs: Pick<Documents<Org>, 'get'>;
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
  key_base64: base64.nullable().optional(),
  headers: z
    .union(
      [z.record(z.string(), z.string()), z.array(z.strictObject({ name: z.string(), value: base64 }))],
      'must be an object of texts, or a list of {name, value} with values in base64, as the quarantine shows them',
    )
    .default({}),
  partition: z.number().int().min(0).max(16_383).default(0),
  offset: z.number().int().min(0).max(mostOffset).default(0),
  timestamp: z.iso.datetime({ offset: true, error: 'must be an RFC 3339 time' }).optional(),
  transform: transformSchema.nullable().optional(),
});

/** Tells what would become of a record, without storing or sending anything. For operators. */
export function dryRunOperations({ known, configs, orgs, pipeline, now }: DryRunDependencies): Operations {
  return {
    'POST /v1/sources/{source}/dry-run': withBody([], pastedRecord, async ({ path, body, text }) => {
      const source = sourceNamed(known, path['source']!);
      const config = await configs.get(source.name);
      if (body.transform) await checkTransform(pipeline.transforms, body.transform);
      const tried = withTransform(config, body.transform);
      const record = pasted(source, body, text, now());
      const decision = await decide({ ...pipeline, source }, tried, record);
      const version = body.transform ? 'draft' : tried?.transform?.version;
      const answer = present(decision, version);
      return { status: 200, body: { ...answer, ...(await nobodys(orgs, decision)) } };
    }),
  };
}

/** Why the first event that concerns no endpoint at all does not. */
async function nobodys(orgs: DryRunDependencies['orgs'], decision: Decision) {
  if (decision.outcome !== 'events') return {};
  const nobody = decision.events.find(
    ({ routing, needsFanOut }) =>
      routing.endpoints.length === 0 && routing.notDelivered.length === 0 && !needsFanOut,
  );
  return nobody ? { reason: await whyNobody(orgs, nobody.event.target) } : {};
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
  const { key, key_base64, headers, partition, offset, timestamp } = body;
  return {
    topic: source.topic,
    partition,
    offset,
    timestampMs: timestamp === undefined ? nowMs : Date.parse(timestamp),
    key: key_base64 ? Buffer.from(key_base64, 'base64') : key === undefined ? undefined : Buffer.from(key),
    value: pastedValue(body, text),
    headers: Array.isArray(headers)
      ? headers.map(({ name, value }) => [name, Buffer.from(value, 'base64')] as const)
      : Object.entries(headers).map(([name, value]) => [name, Buffer.from(value)] as const),
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
    ...(outcome === 'events' && presentEvents(decision.events)),
  };
}

/** Endpoints that are listed in one answer, and why-nots; of the others the numbers. */
const mostEndpoints = 100;

/** The events as far as they fit into an answer, and of those beyond how many there are. */
function presentEvents(routed: readonly RoutedEvent[]) {
  const events: object[] = [];
  let [bytes, receivers, whyNots] = [0, mostEndpoints, mostEndpoints];
  for (const one of routed) {
    const event = presentEvent(one, receivers, whyNots);
    bytes += answerBytes(event);
    if (bytes > mostAnswerBytes) break;
    receivers -= event.deliver_to.length;
    whyNots -= event.not_delivered.length;
    events.push(event);
  }
  const more = routed.length - events.length;
  return { events, ...(more > 0 && { more_events: more }) };
}

function presentEvent(
  { event, routing, duplicateOf, needsFanOut }: RoutedEvent,
  mostReceivers: number,
  mostWhyNots: number,
) {
  // A duplicate is kept, and delivered to nobody.
  const receivers = duplicateOf ? [] : routing.endpoints;
  const whyNots = countBy(routing.notDelivered.slice(mostWhyNots).map(({ reason }) => reason));
  for (const [reason, number] of Object.entries(routing.moreNotDelivered)) {
    whyNots[reason] = (whyNots[reason] ?? 0) + number;
  }
  return {
    event_type: event.eventType,
    ...(event.idempotencyKey && { idempotency_key: event.idempotencyKey }),
    ...(duplicateOf && { duplicate_of: duplicateOf }),
    target: presentTarget(event),
    headers: event.headers,
    ...(event.droppedHeaders.length > 0 && { dropped_headers: event.droppedHeaders }),
    data: new RawJson(event.data),
    deliver_to: receivers
      .slice(0, mostReceivers)
      .map(({ id, orgId, status }) => ({ endpoint_id: id, owner_id: orgId, status })),
    ...(receivers.length > mostReceivers && { more_deliver_to: receivers.length - mostReceivers }),
    not_delivered: routing.notDelivered
      .slice(0, mostWhyNots)
      .map(({ endpointId, reason }) => ({ endpoint_id: endpointId, reason })),
    ...(Object.keys(whyNots).length > 0 && { more_not_delivered: whyNots }),
    // More endpoints than are looked at for a dry run.
    ...(needsFanOut && { fan_out: true }),
  };
}
