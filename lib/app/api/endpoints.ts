import type { output } from 'zod';
import { type Endpoint, type EndpointHints, rotatedSecrets, unexpiredSecrets } from '../../core/endpoint.ts';
import { randomId } from '../../core/identifiers.ts';
import type { Org } from '../../core/org.ts';
import { newSigningSecret } from '../../core/webhook-signature.ts';
import type { Documents } from '../ports/documents.ts';
import type { EndpointCountReader } from '../ports/endpoint-counts.ts';
import type { FailureStreaks } from '../ports/failure-streaks.ts';
import type { WebhookSender } from '../ports/webhook-sender.ts';
import { type ReplayJobDependencies, createReplay, releaseRate, sendReplay } from '../replay-jobs.ts';
import { checkAuthorization } from './endpoint-auth.ts';
import { type EndpointRules, endpointSchemas } from './endpoint-schemas.ts';
import { testEndpoint } from './endpoint-test.ts';
import { listOfOrg } from './listing.ts';
import { type Operations, withBody } from './operation.ts';
import { presentCounts, presentEndpoint } from './present-endpoint.ts';
import { Problem, notFound } from './problem.ts';

export interface EndpointDependencies {
  readonly endpoints: Documents<Endpoint>;
  readonly orgs: Pick<Documents<Org>, 'get'>;
  /** For test events. */
  readonly sender: WebhookSender;
  readonly rules: EndpointRules;
  /** For the release of what was held. */
  readonly releases: ReplayJobDependencies;
  readonly counts: Pick<EndpointCountReader, 'read'>;
  readonly streaks: Pick<FailureStreaks, 'reset'>;
  readonly now: () => number;
}

/** An org's endpoints: tenants manage their own, publishers read them. */
export function endpointOperations(dependencies: EndpointDependencies): Operations {
  const { endpoints, orgs, sender, rules, releases, counts, streaks, now } = dependencies;
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
    rateLimit: body.rate_limit === undefined ? found.rateLimit : (body.rate_limit ?? undefined),
    hints: hintsAfter(found, body.status, body.config?.url),
    headers: body.config?.headers ?? found.headers,
    auth: body.auth === undefined ? found.auth : (body.auth ?? undefined),
    secrets: unexpiredSecrets(found, now()),
    updatedAt: new Date(now()).toISOString(),
  });
  const present = (endpoint: Endpoint) => presentEndpoint(endpoint, now());
  /** Changes an endpoint, if it is the org's. */
  const update = async (
    { org, endpoint: id }: Readonly<Record<string, string>>,
    make: (found: Endpoint) => Endpoint,
  ): Promise<Endpoint> => {
    const changed = await endpoints.update(id!, (found) => {
      if (found.orgId !== org) throw notFound('endpoint', id!);
      return make(found);
    });
    if (!changed) throw notFound('endpoint', id!);
    return changed;
  };
  const ofOrg = async ({ org, endpoint }: Readonly<Record<string, string>>): Promise<Endpoint> => {
    const found = await endpoints.get(endpoint!);
    if (!found || found.orgId !== org) throw notFound('endpoint', endpoint!);
    return found;
  };
  /** The release of what an endpoint that is not active holds; it does nothing while the endpoint stays so. */
  const prepareRelease = async (path: Readonly<Record<string, string>>) => {
    const { id: endpointId, orgId, status } = await ofOrg(path);
    if (status === 'active') return undefined;
    return createReplay(releases, { orgId, scope: { kind: 'release', endpointId }, rate: releaseRate });
  };

  /** An endpoint that is made active again, or has another URL, begins without failures. */
  const endStreak = async (
    path: Readonly<Record<string, string>>,
    { status, config }: output<typeof schemas.change>,
  ) => {
    if (status !== 'active' && config?.url === undefined) return;
    const found = await ofOrg(path);
    const isReactivated = status === 'active' && found.status !== 'active';
    if (isReactivated || (config?.url ?? found.url) !== found.url) await streaks.reset(found);
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
        rateLimit: body.rate_limit,
        headers: body.config.headers,
        auth: body.auth ?? undefined,
        secrets: [{ value: secret }],
        createdAt: at,
        updatedAt: at,
      };
      checkAuthorization(endpoint);
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
      async run({ path }) {
        const found = await ofOrg(path);
        const deliveries = presentCounts(await counts.read(found, now()));
        return { status: 200, body: { ...present(found), deliveries } };
      },
    },

    'PATCH /v1/orgs/{org}/endpoints/{endpoint}': withBody(
      ['tenant'],
      schemas.change,
      async ({ path, body }) => {
        // Before the endpoint is active: a release that is not written down could be forgotten.
        const release = body.status === 'active' ? await prepareRelease(path) : undefined;
        await endStreak(path, body);
        const changed = await update(path, (found) => {
          const made = change(found, body);
          checkAuthorization(made);
          return made;
        });
        if (release) await sendReplay(releases, release);
        return { status: 200, body: present(changed) };
      },
    ),

    'POST /v1/orgs/{org}/endpoints/{endpoint}/rotate-secret': withBody(
      ['tenant'],
      schemas.rotate,
      async ({ path, body }) => {
        const secret = body.secret ?? newSigningSecret();
        const changed = await update(path, (found) => {
          if (found.secrets[0]!.value === secret) throw secretInUse();
          const secrets = rotatedSecrets(found, secret, body.overlap_seconds, now());
          return { ...found, secrets, updatedAt: new Date(now()).toISOString() };
        });
        return { status: 200, body: { ...present(changed), credentials: { secret } } };
      },
    ),

    'POST /v1/orgs/{org}/endpoints/{endpoint}/test': {
      roles: ['tenant'],
      run: async ({ path }) => testEndpoint(sender, await ofOrg(path), now()),
    },

    'DELETE /v1/orgs/{org}/endpoints/{endpoint}': {
      roles: ['tenant'],
      async run({ path }) {
        const [id, orgId] = [path['endpoint']!, path['org']!];
        // What it holds then fails, and says why.
        const release = await prepareRelease(path);
        await streaks.reset({ id, orgId });
        if (!(await endpoints.delete({ id, orgId }))) throw notFound('endpoint', id);
        if (release) await sendReplay(releases, release);
        return { status: 204 };
      },
    },
  };
}

/** What is still known of an endpoint after a change. */
function hintsAfter(
  { hints, status }: Endpoint,
  newStatus: Endpoint['status'] | undefined,
  newUrl: string | undefined,
): EndpointHints | undefined {
  // What was found out about another URL says nothing about this one.
  if (newUrl !== undefined) return undefined;
  if (newStatus !== 'active' || status === 'active') return hints;
  return hints && { ...hints, failing: undefined };
}

function secretInUse(): Problem {
  const errors = [{ path: 'secret', message: 'signs already: give another one, or none to have one made' }];
  return new Problem('invalid_request', 'A rotation needs a new secret.', errors);
}
