import { z } from 'zod';
import { type Endpoint, type EndpointHints, type EndpointType, rotatedSecrets } from '../../core/endpoint.ts';
import { jsonMembers } from '../../core/json-members.ts';
import type { Org } from '../../core/org.ts';
import { newSigningSecret } from '../../core/webhook-signature.ts';
import type { Documents } from '../ports/documents.ts';
import type { EndpointCountReader } from '../ports/endpoint-counts.ts';
import type { EndpointSender } from '../ports/endpoint-sender.ts';
import type { FailureStreaks } from '../ports/failure-streaks.ts';
import { type ReplayJobDependencies, createReplay, releaseRate, sendReplay } from '../replay-jobs.ts';
import type { EndpointKind } from './endpoint-kind.ts';
import { type EndpointRules, endpointSchemas } from './endpoint-schemas.ts';
import { type TestSample, defaultTestData, testEndpoint, testSample } from './endpoint-test.ts';
import { type KafkaEndpointRules, kafkaEndpoints } from './kafka-endpoints.ts';
import { listOfOrg } from './listing.ts';
import { isObject } from './node-body.ts';
import { type Operations, withBody } from './operation.ts';
import { presentCounts, presentEndpoint } from './present-endpoint.ts';
import { Problem, notFound } from './problem.ts';
import { type UrlRule, signingSecret, webhookEndpoints } from './webhook-endpoints.ts';

export interface EndpointDependencies {
  readonly endpoints: Documents<Endpoint>;
  readonly orgs: Pick<Documents<Org>, 'get'>;
  /** For test events. */
  readonly sender: EndpointSender;
  readonly rules: EndpointRules & KafkaEndpointRules & { readonly urlRule: UrlRule };
  /** For the release of what was held. */
  readonly releases: ReplayJobDependencies;
  readonly counts: Pick<EndpointCountReader, 'read'>;
  readonly streaks: Pick<FailureStreaks, 'reset'>;
  /** Resolves once no function goes by what it has read of an endpoint before. */
  readonly changeShows: () => Promise<void>;
  readonly now: () => number;
}

/** What the type of an endpoint says of it is checked with all that is in it. */
const anyFields = z.custom<Readonly<Record<string, unknown>>>(isObject, 'must be an object');
const rotation = z.strictObject({
  secret: signingSecret.optional(),
  overlap_seconds: z.number().int().min(0).max(604_800).default(86_400),
});

/** An org's endpoints: tenants manage their own, publishers read them. */
export function endpointOperations(dependencies: EndpointDependencies): Operations {
  const { endpoints, orgs, sender, rules, releases, counts, streaks, changeShows, now } = dependencies;
  const schemas = endpointSchemas(rules);
  const kinds = {
    webhook: webhookEndpoints(schemas, rules.urlRule),
    kafka: kafkaEndpoints(schemas, rules),
  };
  /** An endpoint and its kind are of one type, which TypeScript cannot see. */
  const kindOf = ({ type }: { readonly type: EndpointType }) => kinds[type] as EndpointKind;
  const present = (endpoint: Endpoint) =>
    presentEndpoint(endpoint, kindOf(endpoint).present(endpoint, now()), now());
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

  return {
    'POST /v1/orgs/{org}/endpoints': withBody(['tenant'], anyFields, async ({ path, body }) => {
      const at = new Date(now()).toISOString();
      const kind = kindOf({ type: body['type'] === 'kafka' ? 'kafka' : 'webhook' });
      const endpoint = kind.create(body, { orgId: path['org']!, createdAt: at, updatedAt: at });
      const outcome = await endpoints.create(endpoint);
      if (outcome === 'no_org') throw notFound('org', endpoint.orgId);
      if (outcome === 'exists') throw new Problem('conflict', `The endpoint id '${endpoint.id}' is taken.`);
      return { status: 201, body: { ...present(endpoint), ...kind.presentOnce(endpoint) } };
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

    'PATCH /v1/orgs/{org}/endpoints/{endpoint}': withBody(['tenant'], anyFields, async ({ path, body }) => {
      const found = await ofOrg(path);
      const kind = kindOf(found);
      const planned = kind.change(found, body, now());
      // Before the endpoint is active: a release that is not written down could be forgotten.
      const release = planned.status === 'active' ? await prepareRelease(path) : undefined;
      if (beginsAnew(kind, found, planned)) await streaks.reset(found);
      const changed = await update(path, (latest) => {
        // Deleted and made again with another type meanwhile.
        if (latest.type !== found.type) throw notFound('endpoint', found.id);
        const made = kind.change(latest, body, now());
        return { ...made, hints: hintsAfter(kind, latest, made) };
      });
      if (release) await sendReplay(releases, release);
      if (!isSentAlike(found, changed)) await changeShows();
      return { status: 200, body: present(changed) };
    }),

    'POST /v1/orgs/{org}/endpoints/{endpoint}/rotate-secret': {
      ...withBody(['tenant'], rotation, async ({ path, body }) => {
        const secret = body.secret ?? newSigningSecret();
        const changed = await update(path, (found) => {
          if (found.type !== 'webhook') throw nothingSigned();
          if (found.secrets[0]!.value === secret) throw secretInUse();
          const secrets = rotatedSecrets(found, secret, body.overlap_seconds, now());
          return { ...found, secrets, updatedAt: new Date(now()).toISOString() };
        });
        await changeShows();
        return { status: 200, body: { ...present(changed), credentials: { secret } } };
      }),
      emptyBody: {},
    },

    'POST /v1/orgs/{org}/endpoints/{endpoint}/test': {
      roles: ['tenant'],
      body: testSample,
      emptyBody: {},
      async run({ path, body, text }) {
        const data = (text && jsonMembers(text).get('data')) || defaultTestData;
        return testEndpoint(sender, rules.partitionKeys, await ofOrg(path), body as TestSample, data, now());
      },
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

/** Whether an endpoint begins without failures after a change: it is active again, or leads somewhere else. */
function beginsAnew(kind: EndpointKind, before: Endpoint, after: Endpoint): boolean {
  const isReactivated = after.status === 'active' && before.status !== 'active';
  return isReactivated || !kind.hasSameTarget(before, after);
}

/** What is still known of an endpoint after a change: what was found out about another target says nothing. */
function hintsAfter(kind: EndpointKind, before: Endpoint, after: Endpoint): EndpointHints | undefined {
  if (!kind.hasSameTarget(before, after)) return undefined;
  if (!before.hints || !beginsAnew(kind, before, after)) return before.hints;
  return { ...before.hints, failing: undefined };
}

function nothingSigned(): Problem {
  return new Problem(
    'conflict',
    'Messages to Kafka are not signed: change credentials.password with a PATCH of the endpoint.',
  );
}

/** Whether whatever is sent goes to the same place, in the same way, whatever else is said of the endpoint. */
function isSentAlike(before: Endpoint, after: Endpoint): boolean {
  const ofSending = (endpoint: Endpoint) =>
    JSON.stringify({ ...endpoint, description: '', updatedAt: '', hints: undefined, alerts: undefined });
  return ofSending(before) === ofSending(after);
}

function secretInUse(): Problem {
  const errors = [{ path: 'secret', message: 'signs already: give another one, or none to have one made' }];
  return new Problem('invalid_request', 'A rotation needs a new secret.', errors);
}
