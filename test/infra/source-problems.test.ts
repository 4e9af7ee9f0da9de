import { describe, expect, test } from 'vitest';
import { localListeners, type SelfManagedCluster, type SourceSettings } from '../../infra/source-settings.ts';
import { stageProblems, stages } from '../../infra/stages.ts';
import { onLocalBroker, secretArn, selfManaged, stageOf } from './source-stages.ts';

const source = stages.sandbox.sources['ingest']!;

/** What is wrong with a stage that has this source alone. */
const problems = (change: Partial<SourceSettings>, stage = stages.sandbox) =>
  stageProblems({ ...stage, sources: { ingest: { ...source, ...change } } });
const clusterProblems = (change: Partial<SelfManagedCluster>, stage = stages.sandbox) =>
  problems({ cluster: selfManaged('plain', change) }, stage);

describe('a source is refused, naming the field', () => {
  test.each<[Partial<SourceSettings>, string]>([
    [{ number: 0 }, 'number: '],
    [{ partitions: 16_384 }, 'partitions: '],
    [{ batchSize: 1001 }, 'batchSize: '],
    [{ batchWindowSeconds: 301 }, 'batchWindowSeconds: '],
    [{ topic: 'a topic' }, 'topic: '],
    [{ topic: '..' }, 'topic: '],
    [{ consumerGroupId: '' }, 'consumerGroupId: '],
    [{ consumerGroupId: 'g'.repeat(201) }, 'consumerGroupId: '],
    [{ consumerGroupId: 'a group' }, 'consumerGroupId: '],
    [{ consumerGroupId: 'a:group' }, 'consumerGroupId: must have no colon on our own cluster'],
    [
      { consumerGroupId: 'acme.app' },
      "consumerGroupId: on our own cluster, groups that begin with 'acme.' are",
    ],
    [{ pollers: { minimum: 0, maximum: 4 } }, 'pollers.minimum: '],
    [{ pollers: { minimum: 201, maximum: 2000 } }, 'pollers.minimum: '],
    [{ pollers: { minimum: 1, maximum: 2001 } }, 'pollers.maximum: '],
    [{ pollers: { minimum: 5, maximum: 4 } }, 'pollers: the minimum is 5 and the maximum only 4'],
    [{ rateLimit: 0 }, 'rateLimit: '],
    [{ rateLimit: 15.5 }, 'rateLimit: '],
  ])('%j', (change, problem) => {
    expect(problems(change)).toEqual([expect.stringContaining(`sources.ingest.${problem}`)]);
  });

  test('named as what is published over HTTP is', () => {
    expect(stageProblems({ ...stages.sandbox, sources: { api: source } })).toEqual([
      expect.stringContaining('sources.api: what is published over HTTP has this name already'),
    ]);
  });

  test('but a group on another cluster may be called as it likes', () => {
    expect(problems({ consumerGroupId: 'com.example.app', cluster: selfManaged('plain') })).toEqual([]);
  });

  test.each<[number, string]>([
    [14, 'or batches outlast the function: raise it, or take a batchSize of 93'],
    [1, 'or batches outlast the function: raise it, or take a batchSize of 6'],
  ])('a rate limit of %i, with the least there is and what else would do', (rateLimit, alternative) => {
    expect(problems({ rateLimit })).toEqual([
      'sources.ingest.rateLimit: must be at least 15 records a second with 6 partitions and a batchSize of 100, ' +
        alternative,
    ]);
    expect(problems({ rateLimit: 15 })).toEqual([]);
  });

  test('a rate that no batch size makes possible', () => {
    expect(problems({ rateLimit: 1, partitions: 50 })[0]).toContain('have fewer partitions');
  });
});

describe('a self-managed cluster is refused, naming the field', () => {
  const network = { subnetIds: ['subnet-0aa'], securityGroupIds: ['sg-0cc'] };
  test.each<[Partial<SelfManagedCluster>, string]>([
    [{ bootstrapServers: [] }, 'bootstrapServers: must name 1 to 10 servers'],
    [{ bootstrapServers: ['kafka.example.com'] }, 'bootstrapServers: "kafka.example.com" is not host:port'],
    [{ bootstrapServers: ['a:1', 'b:70000'] }, 'bootstrapServers: "b:70000" is not host:port'],
    [{ bootstrapServers: ['SASL_SSL://a:9092'] }, 'bootstrapServers: "SASL_SSL://a:9092" is not host:port'],
    [{ credentials: undefined }, "credentials: are needed with authentication 'plain'"],
    [{ authentication: 'none', network }, "credentials: are of no use with authentication 'none'"],
    [{ authentication: 'none', credentials: undefined }, "network: is needed with authentication 'none'"],
    [
      { credentials: { secretArn: 'kafka-user' } },
      'credentials.secretArn: "kafka-user" is not the whole ARN',
    ],
    [{ credentials: { secretArn: secretArn('user').slice(0, -7) } }, 'credentials.secretArn: '],
    [
      { certificateAuthority: { secretArn: secretArn('ca').replace('eu-central-1', 'us-east-1') } },
      'certificateAuthority.secretArn: is in us-east-1, but Lambda reads secrets in its own region only, eu-central-1',
    ],
    [{ credentials: { secretArn: secretArn('user'), keyArn: 'alias/mine' } }, 'credentials.keyArn: '],
    [{ network: { ...network, subnetIds: [] } }, 'network.subnetIds: '],
    [{ network: { ...network, securityGroupIds: ['default'] } }, 'network.securityGroupIds: '],
  ])('%j', (change, problem) => {
    expect(clusterProblems(change)).toEqual([expect.stringContaining(`sources.ingest.cluster.${problem}`)]);
  });

  test("SASL without TLS, and all else of the local machine's broker, is only for the local stage", () => {
    for (const listener of ['saslPlaintext', 'saslSsl'] as const) {
      expect(clusterProblems(onLocalBroker(listener), stages.local)).toEqual([]);
      expect(clusterProblems(onLocalBroker(listener))).toEqual([
        expect.stringContaining('only the local stage'),
      ]);
    }
    const { saslPlaintext, saslSsl } = localListeners;
    expect(clusterProblems({ bootstrapServers: ['plain.kafka.localhost:9092'] }, stages.local)).toEqual([
      expect.stringContaining(`those are ${saslPlaintext} and ${saslSsl}`),
    ]);
    expect(clusterProblems({ bootstrapServers: [saslSsl, 'a:1'] }, stages.local)).toEqual([
      expect.stringContaining('stands alone'),
    ]);
  });
});

describe('sources are refused together', () => {
  const both = (change: Partial<SourceSettings>, first = source) =>
    stageProblems({
      ...stages.sandbox,
      sources: {
        one: first,
        two: { ...first, number: 2, topic: 'two', consumerGroupId: 'two', ...change },
      },
    });
  test.each<[Partial<SourceSettings>, string]>([
    [{ number: 1 }, 'each source needs a number of its own'],
    [{ consumerGroupId: source.consumerGroupId }, 'each source needs a consumerGroupId of its own'],
    [
      { topic: source.topic },
      'each source on our own cluster needs a topic of its own, unless it says `topicExists`: the deploy makes it',
    ],
  ])('%j in both', (change, problem) => {
    expect(both(change)).toEqual([`sources: ${problem}`]);
  });

  test('but two may read one topic of a self-managed cluster, each in a group of its own', () => {
    const first = { ...source, cluster: selfManaged('plain') };
    expect(both({ topic: first.topic }, first)).toEqual([]);
  });

  test('or a topic of our own cluster that is there already', () => {
    const cluster = { kind: 'msk', authentication: 'iam', topicExists: true } as const;
    expect(both({ topic: source.topic, cluster })).toEqual([]);
  });

  test('when there are more than functions can be told of', () => {
    const clusters = Array.from(
      { length: 40 },
      (_, index) => [`source-${index}`, selfManaged('plain')] as const,
    );
    expect(stageProblems(stageOf(Object.fromEntries(clusters.slice(0, 20))))).toEqual([]);
    expect(stageProblems(stageOf(Object.fromEntries(clusters)))).toEqual([
      expect.stringMatching(/^sources: take \d+ of the 3072 bytes/),
    ]);
  });
});
