import { type output, z } from 'zod';
import type { Endpoint } from '../../core/endpoint.ts';
import { eventTypeFilterPattern } from '../../core/event-types.ts';
import { compileFilter } from '../../core/filter.ts';
import type { PatternCompiler } from '../../core/filter-operators.ts';
import { idSchema } from './orgs.ts';

const status = z.enum(['active', 'paused', 'disabled']);
/** Attempts a second. */
const rateLimit = z.number().int().min(1).max(10_000);
const eventTypes = z
  .array(z.string().regex(eventTypeFilterPattern, 'must be *, an event type, or a prefix such as order.*'))
  .min(1)
  .max(100);
/** Seconds before the second attempt, the third, …: up to a week each. Empty: one attempt only. */
const scheduleSeconds = z.array(z.number().int().min(1).max(604_800)).max(20);

/** The most that one attempt may take. */
export const timeoutMs = z.number().int().min(100).max(30_000);
export const defaultTimeoutMs = 10_000;

/** What endpoints of every type are checked against. */
export interface EndpointRules {
  /** How long events are kept: no schedule may be longer. */
  readonly retentionDays: number;
  /** For the `$regex` of filters. */
  readonly compilePattern: PatternCompiler;
}

/** The fields that endpoints of every type have, as `POST` and `PATCH` take them. */
export function endpointSchemas({ retentionDays, compilePattern }: EndpointRules) {
  // As it came: a record of zod's would leave `__proto__` out, and a filter without its condition receives everything.
  const filter = z.custom<Readonly<Record<string, unknown>>>().superRefine((value, context) => {
    const compiled = compileFilter(value, compilePattern);
    const faults = 'faults' in compiled ? compiled.faults : [];
    for (const { path, message } of faults) {
      context.addIssue({ code: 'custom', path: path === '' ? [] : path.split('.'), message });
    }
  });
  const retry = z.strictObject({
    schedule_seconds: scheduleSeconds.refine(
      (waits) => waits.reduce((sum, wait) => sum + wait, 0) * 1.1 < retentionDays * 86_400,
      `must end within the ${retentionDays} days that events are kept, with a tenth added as jitter`,
    ),
  });
  const create = z.strictObject({
    id: idSchema.optional(),
    description: z.string().max(500).default(''),
    event_types: eventTypes.default(['*']),
    filter: filter.optional(),
    status: status.default('active'),
    rate_limit: rateLimit.optional(),
    retry: retry.optional(),
  });
  const change = z.strictObject({
    description: z.string().max(500).optional(),
    event_types: eventTypes.optional(),
    filter: filter.nullable().optional(),
    status: status.optional(),
    rate_limit: rateLimit.nullable().optional(),
    retry: retry.nullable().optional(),
  });
  return { create, change };
}

export type EndpointSchemas = ReturnType<typeof endpointSchemas>;

/** The fields of every endpoint, as a body of `POST` gives them. */
export function givenFields(body: output<EndpointSchemas['create']>) {
  return {
    description: body.description,
    eventTypes: body.event_types,
    filter: body.filter,
    status: body.status,
    scheduleSeconds: body.retry?.schedule_seconds,
    rateLimit: body.rate_limit,
  };
}

/** The fields of every endpoint after a `PATCH`. */
export function changedFields(found: Endpoint, body: output<EndpointSchemas['change']>, nowMs: number) {
  return {
    description: body.description ?? found.description,
    eventTypes: body.event_types ?? found.eventTypes,
    filter: body.filter === undefined ? found.filter : (body.filter ?? undefined),
    status: body.status ?? found.status,
    disabledReason: body.status ? undefined : found.disabledReason,
    scheduleSeconds: body.retry === undefined ? found.scheduleSeconds : body.retry?.schedule_seconds,
    rateLimit: body.rate_limit === undefined ? found.rateLimit : (body.rate_limit ?? undefined),
    updatedAt: new Date(nowMs).toISOString(),
  };
}
