import { z } from 'zod';
import { eventTypeFilterPattern } from '../../core/event-types.ts';
import { isForwarded, isHeaderName, isHeaderValue, isSecretHeader } from '../../core/headers.ts';
import { compileFilter } from '../../core/filter.ts';
import type { PatternCompiler } from '../../core/filter-operators.ts';
import { isSigningSecret } from '../../core/webhook-signature.ts';
import { authSchema } from './endpoint-auth.ts';
import { isMasked } from './mask.ts';
import { idSchema } from './orgs.ts';

/** Says what is wrong with a webhook's URL for this stage, or nothing. */
export type UrlRule = (url: URL) => string | undefined;

const status = z.enum(['active', 'paused', 'disabled']);
/** Requests a second. */
const rateLimit = z.number().int().min(1).max(10_000);
const eventTypes = z
  .array(z.string().regex(eventTypeFilterPattern, 'must be *, an event type, or a prefix such as order.*'))
  .min(1)
  .max(100);
/** Seconds before the second attempt, the third, …: up to a week each. Empty: one attempt only. */
const scheduleSeconds = z.array(z.number().int().min(1).max(604_800)).max(20);
const headers = z
  // Values are checked below: a value that is no text must not hide what is wrong with the others.
  .record(z.string(), z.unknown())
  .superRefine((value, context) => {
    const names = Object.keys(value);
    if (names.length > 50) context.addIssue({ code: 'custom', message: 'must have at most 50 headers' });
    const seen = new Set<string>();
    for (const name of names) {
      const repeated = seen.has(name.toLowerCase()) && 'is given twice';
      const fault = repeated || headerFault(name, value[name]);
      if (fault) context.addIssue({ code: 'custom', path: [name], message: fault });
      seen.add(name.toLowerCase());
    }
  })
  .transform((value) =>
    Object.fromEntries(Object.entries(value).map(([name, header]) => [name.toLowerCase(), header as string])),
  );

function headerFault(name: string, value: unknown): string | undefined {
  if (name.length > 100 || !isHeaderName(name))
    return 'is not the name of an HTTP header, 1 to 100 characters';
  if (!isForwarded(name.toLowerCase())) return 'is set by Fanout itself or never forwarded';
  if (typeof value !== 'string' || value.length > 1024) return 'must be a text of at most 1024 characters';
  if (!isHeaderValue(value)) return 'holds a control character, such as CR, LF or NUL';
  const isMask = isSecretHeader(name.toLowerCase()) && isMasked(value);
  return isMask ? 'is masked: send the value itself, or leave headers out to keep them all' : undefined;
}

function urlSchema(rule: UrlRule) {
  return z
    .string()
    .max(2048)
    .superRefine((text, context) => {
      const fault = URL.canParse(text)
        ? urlFault(new URL(text), rule)
        : 'must be a URL, such as https://example.com/hook';
      if (fault) context.addIssue({ code: 'custom', message: fault });
    });
}

function urlFault(url: URL, rule: UrlRule): string | undefined {
  if (url.username || url.password) return 'must not hold a user name or password';
  if (url.hash) return 'must not have a fragment';
  return rule(url);
}

/** What endpoints are checked against. */
export interface EndpointRules {
  readonly urlRule: UrlRule;
  /** How long events are kept: no schedule may be longer. */
  readonly retentionDays: number;
  /** For the `$regex` of filters. */
  readonly compilePattern: PatternCompiler;
}

/** What `POST` and `PATCH` of endpoints and `rotate-secret` take. A `PATCH` replaces each field that it names as a whole. */
export function endpointSchemas({ urlRule, retentionDays, compilePattern }: EndpointRules) {
  const filter = z.record(z.string(), z.unknown()).superRefine((value, context) => {
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
  const config = z.strictObject({
    url: urlSchema(urlRule),
    timeout_ms: z.number().int().min(100).max(30_000).default(10_000),
    headers: headers.default({}),
  });
  const secret = z.string().refine(isSigningSecret, 'must be whsec_ and 24 to 64 bytes in base64');
  const create = z.strictObject({
    id: idSchema.optional(),
    type: z.literal('webhook', 'must be webhook'),
    description: z.string().max(500).default(''),
    event_types: eventTypes.default(['*']),
    filter: filter.optional(),
    status: status.default('active'),
    rate_limit: rateLimit.optional(),
    retry: retry.optional(),
    auth: authSchema.nullish(),
    config,
    credentials: z.strictObject({ secret: secret.optional() }).optional(),
  });
  const change = z.strictObject({
    description: z.string().max(500).optional(),
    event_types: eventTypes.optional(),
    filter: filter.nullable().optional(),
    status: status.optional(),
    rate_limit: rateLimit.nullable().optional(),
    retry: retry.nullable().optional(),
    auth: authSchema.nullish(),
    config: z
      .strictObject({
        url: urlSchema(urlRule).optional(),
        timeout_ms: z.number().int().min(100).max(30_000).optional(),
        headers: headers.optional(),
      })
      .optional(),
  });
  const rotate = z.strictObject({
    secret: secret.optional(),
    overlap_seconds: z.number().int().min(0).max(604_800).default(86_400),
  });
  return { create, change, rotate };
}
