import { z } from 'zod';
import { type WebhookEndpoint, unexpiredSecrets } from '../../core/endpoint.ts';
import { randomId } from '../../core/identifiers.ts';
import { isSigningSecret, newSigningSecret } from '../../core/webhook-signature.ts';
import { authSchema, checkAuthorization, presentAuth } from './endpoint-auth.ts';
import { endpointHeaders } from './endpoint-headers.ts';
import type { EndpointKind } from './endpoint-kind.ts';
import {
  type EndpointSchemas,
  changedFields,
  defaultTimeoutMs,
  givenFields,
  timeoutMs,
} from './endpoint-schemas.ts';
import { mask, maskedHeaders } from './mask.ts';
import { checkInput } from './operation.ts';

/** Says what is wrong with a webhook's URL for this stage, or nothing. */
export type UrlRule = (url: URL) => string | undefined;

export const signingSecret = z
  .string()
  .refine(isSigningSecret, 'must be whsec_ and 24 to 64 bytes in base64');

/** Endpoints that get signed requests. */
export function webhookEndpoints(schemas: EndpointSchemas, urlRule: UrlRule): EndpointKind<WebhookEndpoint> {
  const { create, change } = webhookSchemas(schemas, urlRule);
  return {
    create(input, made) {
      const body = checkInput(create, input);
      const { url, timeout_ms, headers } = body.config;
      const endpoint: WebhookEndpoint = {
        ...made,
        ...givenFields(body),
        id: body.id ?? randomId('ep'),
        type: 'webhook',
        url,
        timeoutMs: timeout_ms,
        headers,
        auth: body.auth ?? undefined,
        secrets: [{ value: body.credentials?.secret ?? newSigningSecret() }],
      };
      checkAuthorization(endpoint);
      return endpoint;
    },

    change(found, input, nowMs) {
      const body = checkInput(change, input);
      const { config } = body;
      const endpoint: WebhookEndpoint = {
        ...found,
        ...changedFields(found, body, nowMs),
        url: config?.url ?? found.url,
        timeoutMs: config?.timeout_ms ?? found.timeoutMs,
        headers: config?.headers ?? found.headers,
        auth: body.auth === undefined ? found.auth : (body.auth ?? undefined),
        secrets: unexpiredSecrets(found, nowMs),
      };
      checkAuthorization(endpoint);
      return endpoint;
    },

    hasSameTarget: (one, other) => one.url === other.url,

    present: (endpoint, nowMs) => ({
      ...(endpoint.auth && { auth: presentAuth(endpoint.auth) }),
      config: {
        url: endpoint.url,
        timeout_ms: endpoint.timeoutMs,
        headers: maskedHeaders(endpoint.headers),
      },
      credentials: { secret: maskedSecret(endpoint.secrets[0]!.value) },
      ...previousSecrets(endpoint, nowMs),
    }),

    presentOnce: ({ secrets }) => ({ credentials: { secret: secrets[0]!.value } }),
  };
}

/** Their fields, as `POST` and `PATCH` take them. */
export function webhookSchemas(schemas: EndpointSchemas, urlRule: UrlRule) {
  const create = schemas.create.extend({
    type: z.literal('webhook', 'must be webhook or kafka'),
    auth: authSchema.nullish(),
    config: z.strictObject({
      url: urlSchema(urlRule),
      timeout_ms: timeoutMs.default(defaultTimeoutMs),
      headers: endpointHeaders.default({}),
    }),
    credentials: z.strictObject({ secret: signingSecret.optional() }).optional(),
  });
  const change = schemas.change.extend({
    auth: authSchema.nullish(),
    config: z
      .strictObject({
        url: urlSchema(urlRule).optional(),
        timeout_ms: timeoutMs.optional(),
        headers: endpointHeaders.optional(),
      })
      .optional(),
  });

  return { create, change };
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

/** Those that sign beside the newest; left out where there are none. */
function previousSecrets(endpoint: WebhookEndpoint, nowMs: number) {
  const previous = unexpiredSecrets(endpoint, nowMs).slice(1);
  if (previous.length === 0) return undefined;
  return {
    previous_secrets: previous.map(({ value, expiresAt }) => ({
      secret: maskedSecret(value),
      expires_at: expiresAt,
    })),
  };
}

/** Signing secrets are long, so that four of their characters may be shown. */
function maskedSecret(secret: string): string {
  return `whsec_${mask(secret)}`;
}
