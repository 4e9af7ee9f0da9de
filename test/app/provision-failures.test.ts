import { KafkaClient } from '@aws-sdk/client-kafka';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createOperator } from '../../lib/adapters/kafka-operator.ts';
import { letScramUserIn, removeScramUser, setScramUser } from '../../lib/adapters/kafka-scram-users.ts';
import { createMskStreamCluster } from '../../lib/adapters/msk-stream-cluster.ts';
import type { ProvisionDependencies } from '../../lib/app/provision-stream.ts';
import { mapAtOnce } from '../../lib/core/map-at-once.ts';
import { usernamesOf } from '../../lib/core/stream.ts';
import { type AwsEndpoint, mskSettings, startAwsEndpoint } from '../adapters/aws-endpoint.ts';
import { expectedContents, nothing, operatorOf } from '../contracts/cluster-contents.ts';
import { type Provisioning, roomy, scenarios, startProvisioning } from './provisioning.ts';

let provisioning: Provisioning;

beforeAll(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
  provisioning = await startProvisioning();
});
afterAll(async () => {
  await provisioning?.stop();
  vi.unstubAllEnvs();
});

class Injected extends Error {}

/** The dependencies, one call of which fails: before it does anything, or after it has done all. */
function failing(dependencies: ProvisionDependencies, nth: number, when: 'before' | 'after') {
  let calls = 0;
  const wrap = <T extends object>(target: T): T =>
    new Proxy(target, {
      get:
        (on, name) =>
        async (...given: unknown[]) => {
          const isInjected = ++calls === nth;
          if (isInjected && when === 'before') throw new Injected();
          const answer: unknown = await (Reflect.get(on, name) as (...all: unknown[]) => unknown)(...given);
          if (isInjected) throw new Injected();
          return answer;
        },
    });
  const { streams, watch, queue, cluster } = dependencies;
  const wrapped = { streams: wrap(streams), watch: wrap(watch), queue: wrap(queue), cluster: wrap(cluster) };
  return { wrapped, calls: () => calls };
}

/** Orgs whose streams are worked on at once: each waits for the broker most of the time. */
const orgsAtOnce = 12;

describe.each(Object.entries(scenarios))('a failure at each call of %s', (_name, { prepare, users }) => {
  const begin = async (nth: number, when: 'before' | 'after') => {
    const org = await provisioning.startOrg();
    await prepare(org);
    const { wrapped, calls } = failing(org.dependencies, nth, when);
    const outcome = await org.run(wrapped).catch((error: unknown) => error);
    return { org, outcome, calls: calls() };
  };

  test.each(['before', 'after'] as const)(
    'that comes %s it: repeated, all is right in the end, and nothing is left over',
    async (when) => {
      const { calls } = await begin(Infinity, when);
      expect(calls, 'calls that fail, one in each org').toBeGreaterThan(5);
      await mapAtOnce(
        Array.from({ length: calls }, (_, at) => at + 1),
        orgsAtOnce,
        async (nth) => {
          const { org, outcome } = await begin(nth, when);
          if ((await org.read())?.error) expect(outcome).toBeInstanceOf(Injected);
          org.advance(40_000);
          await org.settle();
          const stream = await org.read();
          const names = stream && usernamesOf(stream);
          expect(names?.length, `call ${nth}`).toBe(users);
          // A broker tells of its topics a moment after it has changed them.
          const there = names ? expectedContents(org.org, names) : nothing;
          await expect.poll(() => provisioning.view.of(org.org), { message: `call ${nth}` }).toEqual(there);
          expect(stream?.state, `call ${nth}`).toBe(users && 'ready');
          expect(stream?.error).toBeUndefined();
          if (stream) expect(await org.dependencies.cluster.letsIn(stream.user)).toBe(true);
          await org.dependencies.streams.get(org.org).then((found) => found && org.remove());
          await org.settle();
          await expect.poll(() => provisioning.view.of(org.org), { message: `call ${nth}` }).toEqual(nothing);
        },
      );
    },
  );
});

/** A stream's cluster as it is on AWS: topics and users by calls of AWS, whose stand-in does on the broker what MSK would. */
async function startMsk() {
  const { storage, view } = provisioning;
  const operator = operatorOf(storage.kafka);
  const operate = createOperator(async () => operator);
  const aws = await startAwsEndpoint(storage.kafka.bootstrapServers, {
    makeTopic: async (topic, numPartitions) =>
      void (await view.admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions }] })),
    removeTopic: (topic) => view.admin.deleteTopics({ topics: [topic] }),
    letIn: (user) => setScramUser(operate, user),
    keepOut: (username) => removeScramUser(operate, username),
  });
  const client = { endpoint: aws.url, region: mskSettings.region, maxAttempts: 1 };
  const [kafka, secrets] = [new KafkaClient(client), new SecretsManagerClient(client)];
  const cluster = createMskStreamCluster(kafka, secrets, operate, mskSettings, roomy);
  // The broker has no certificate of a public authority.
  return {
    aws,
    cluster: {
      ...cluster,
      letsIn: (user: Parameters<typeof cluster.letsIn>[0]) => letScramUserIn(operator, user, 0),
    },
  };
}

/** Users whose secrets there are, all of them associated with the cluster. */
function secretsOf({ secrets, associated }: AwsEndpoint): string[] {
  expect([...secrets.values()].map(({ arn }) => arn).sort()).toEqual([...associated].sort());
  return [...secrets.values()]
    .map(({ value }) => (JSON.parse(value) as { username: string }).username)
    .sort();
}

/** Places of calls, from 1, that differ: of those of one name, as each look at a topic is, the first two. */
function places(calls: readonly string[]): number[] {
  const isFurther = (name: string, at: number) => calls.slice(0, at).filter((one) => one === name).length > 1;
  return calls.flatMap((name, at) => (isFurther(name, at) ? [] : [at + 1]));
}

describe.each(Object.entries(scenarios))(
  'a failure of AWS at each of its calls for %s',
  (_name, { prepare, users }) => {
    const begin = async (call: number, when: 'before' | 'after') => {
      const { aws, cluster } = await startMsk();
      const org = await provisioning.startOrg({ cluster });
      await prepare(org);
      aws.calls.length = 0;
      aws.failAt = { call, when };
      await org.settle({ mostRuns: 20, mayFail: true });
      return { org, aws };
    };

    test.each(['before', 'after'] as const)(
      'that comes %s it: what is gone on with comes right in the end, and nothing is left over',
      async (when) => {
        const { aws: undisturbed } = await begin(Infinity, when);
        await undisturbed.stop();
        const failures = places(undisturbed.calls);
        expect(failures.length).toBeGreaterThan(2);
        await mapAtOnce(failures, orgsAtOnce, async (nth) => {
          const { org, aws } = await begin(nth, when);
          const message = `call ${nth}, ${undisturbed.calls[nth - 1]}`;
          const stream = await org.read();
          const names = stream ? usernamesOf(stream).sort() : [];
          expect(stream && names.length, message).toBe(users);
          expect(stream?.state, message).toBe(users && 'ready');
          expect(stream?.error, message).toBeUndefined();
          expect(secretsOf(aws), message).toEqual(names);
          const there = stream ? expectedContents(org.org, names) : nothing;
          await expect.poll(() => provisioning.view.of(org.org), { message }).toEqual(there);
          expect([...aws.topics.keys()].sort(), message).toEqual(there.topics);
          if (stream) expect(await org.dependencies.cluster.letsIn(stream.user), message).toBe(true);
          await aws.stop();
        });
      },
    );
  },
);
