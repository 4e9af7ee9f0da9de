import type { output } from 'zod';
import type { Endpoint } from '../../core/endpoint.ts';
import { randomId } from '../../core/identifiers.ts';
import type { Org } from '../../core/org.ts';
import { defaultScheduleSeconds } from '../../core/retry-schedule.ts';
import { newSigningSecret } from '../../core/webhook-signature.ts';
import type { Documents } from '../ports/documents.ts';
import { type EndpointRules, endpointSchemas } from './endpoint-schemas.ts';
import { listOfOrg } from './listing.ts';
import { type Operations, withBody } from './operation.ts';
import { Problem, notFound } from './problem.ts';

export interface EndpointDependencies {
  readonly endpoints: Documents<Endpoint>;
  readonly orgs: Pick<Documents<Org>, 'get'>;
  readonly rules: EndpointRules;
  readonly now: () => number;
}

/** An org's endpoints: tenants manage their own, publishers read them. */
export function endpointOperations({ endpoints, orgs, rules, now }: EndpointDependencies): Operations {
  const schemas = endpointSchemas(rules);
  const change = (found: Endpoint, body: output<typeof schemas.change>): Endpoint => ({
    ...found,
    description: body.description ?? found.description,
    eventTypes: body.event_types ?? found.eventTypes,
    filter: body.filter === undefined ? found.filter : (body.filter ?? undefined),
    status: body.status ?? found.status,
    disabledReason: body.status ? undefined : found.disabledReason,
    scheduleSeconds: body.retry === undefined ? found.scheduleSeconds : body.retry?.schedule_seconds,
    url: body.config?.url ?? found.url,
    timeoutMs: body.config?.timeout_ms ?? found.timeoutMs,
    headers: body.config?.headers ?? found.headers,
    updatedAt: new Date(now()).toISOString(),
  });
  const ofOrg = async ({ org, endpoint }: Readonly<Record<string, string>>): Promise<Endpoint> => {
    const found = await endpoints.get(endpoint!);
    if (!found || found.orgId !== org) throw notFound('endpoint', endpoint!);
    return found;
  };

  return {
    'POST /v1/orgs/{org}/endpoints': withBody(['tenant'], schemas.create, async ({ path, body }) => {
      const at = new Date(now()).toISOString();
      const secret = body.credentials?.secret ?? newSigningSecret();
      const endpoint: Endpoint = {
        id: body.id ?? randomId('ep'),
        orgId: path['org']!,
        type: body.type,
        description: body.description,
        eventTypes: body.event_types,
        filter: body.filter,
        status: body.status,
        scheduleSeconds: body.retry?.schedule_seconds,
        url: body.config.url,
        timeoutMs: body.config.timeout_ms,
        headers: body.config.headers,
        secrets: [{ value: secret }],
        createdAt: at,
        updatedAt: at,
      };
      const outcome = await endpoints.create(endpoint);
      if (outcome === 'no_org') throw notFound('org', endpoint.orgId);
      if (outcome === 'exists') throw new Problem('conflict', `The endpoint id '${endpoint.id}' is taken.`);
      return { status: 201, body: { ...present(endpoint), credentials: { secret } } };
    }),

    'GET /v1/orgs/{org}/endpoints': {
      roles: ['publisher', 'tenant'],
      run: ({ path, query }) => listOfOrg(endpoints, orgs, query, path['org']!, present),
    },

    'GET /v1/orgs/{org}/endpoints/{endpoint}': {
      roles: ['publisher', 'tenant'],
      run: async ({ path }) => ({ status: 200, body: present(await ofOrg(path)) }),
    },

    'PATCH /v1/orgs/{org}/endpoints/{endpoint}': withBody(
      ['tenant'],
      schemas.change,
      async ({ path, body }) => {
        const id = path['endpoint']!;
        const changed = await endpoints.update(id, (found) => {
          if (found.orgId !== path['org']) throw notFound('endpoint', id);
          return change(found, body);
        });
        if (!changed) throw notFound('endpoint', id);
        return { status: 200, body: present(changed) };
      },
    ),

    'DELETE /v1/orgs/{org}/endpoints/{endpoint}': {
      roles: ['tenant'],
      async run({ path }) {
        const [id, orgId] = [path['endpoint']!, path['org']!];
        if (!(await endpoints.delete({ id, orgId }))) throw notFound('endpoint', id);
        return { status: 204 };
      },
    },
  };
}

/** An endpoint as the API shows it: secrets masked. */
function present(endpoint: Endpoint) {
  return {
    id: endpoint.id,
    owner_id: endpoint.orgId,
    type: endpoint.type,
    description: endpoint.description,
    event_types: endpoint.eventTypes,
    ...(endpoint.filter && { filter: endpoint.filter }),
    status: endpoint.status,
    ...(endpoint.disabledReason && { disabled_reason: endpoint.disabledReason }),
    retry: { schedule_seconds: endpoint.scheduleSeconds ?? defaultScheduleSeconds },
    config: { url: endpoint.url, timeout_ms: endpoint.timeoutMs, headers: endpoint.headers },
    credentials: { secret: `whsec_…${endpoint.secrets[0]!.value.slice(-4)}` },
    created_at: endpoint.createdAt,
    updated_at: endpoint.updatedAt,
  };
}
