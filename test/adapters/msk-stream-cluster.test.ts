import { KafkaClient } from '@aws-sdk/client-kafka';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { generateAuthToken } from 'aws-msk-iam-sasl-signer-js';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { AwsCall } from '../../infra/local/aws-calls.ts';
import { createMskAccess } from '../../lib/adapters/msk-brokers.ts';
import { createMskStreamCluster } from '../../lib/adapters/msk-stream-cluster.ts';
import { StreamClusterFault } from '../../lib/app/ports/stream-cluster.ts';
import { streamClusterContract } from '../contracts/stream-cluster.ts';
import { mayCall, permissionsOf, unusedLines } from '../e2e/role-permissions.ts';
import { stageTemplates } from '../infra/stage-templates.ts';
import { stageVariants } from '../infra/stage-variants.ts';
import { type AwsEndpoint, clusterArn, mskSettings, startAwsEndpoint } from './aws-endpoint.ts';

// What cannot be run without AWS: that the calls do what their references say, and signing in to brokers with a role.

let aws: AwsEndpoint;
const settings = mskSettings;
const roomy = { mostUsers: 1000, mostPartitions: 10_000 };

beforeAll(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
  aws = await startAwsEndpoint('b-1.example.com:9096,b-2.example.com:9096');
});
afterAll(async () => {
  await aws?.stop();
  vi.unstubAllEnvs();
});

const create = (capacity = roomy) => {
  const client = { endpoint: aws.url, region: settings.region, maxAttempts: 1 };
  const notHere = () => Promise.reject(new StreamClusterFault('unreachable', 'no broker'));
  return createMskStreamCluster(
    new KafkaClient(client),
    new SecretsManagerClient(client),
    notHere,
    settings,
    capacity,
  );
};

streamClusterContract('MSK', async (capacity) => ({
  cluster: create(capacity),
  topics: async (prefix) => [...aws.topics.keys()].filter((name) => name.startsWith(prefix)).sort(),
  users: async (username) => {
    const secret = aws.secrets.get(settings.secretPrefix + username);
    return secret && aws.associated.has(secret.arn) ? [username] : [];
  },
}));

test('a topic has the replicas that records are safe with, and is underway until it is active', async () => {
  expect(await create().ensureTopics(['shape.runs'], 2)).toBe('underway');
  const { request } = aws.topics.get('shape.runs')!;
  expect(request).toEqual({
    topicName: 'shape.runs',
    partitionCount: 2,
    replicationFactor: 3,
    configs: Buffer.from('min.insync.replicas=2\n').toString('base64'),
  });
});

describe('a user', () => {
  const user = { username: 'shape.a', password: 'a-password' };

  test('is a secret as MSK takes it, associated once, and written again only when it changes', async () => {
    const cluster = create();
    await cluster.ensureUser(user);
    const { request, value, arn } = aws.secrets.get('AmazonMSK_fanout-sandbox.shape.a')!;
    expect(request).toMatchObject({ Name: 'AmazonMSK_fanout-sandbox.shape.a', KmsKeyId: settings.keyArn });
    expect(JSON.parse(value)).toEqual(user);
    expect(aws.associated).toContain(arn);
    aws.calls.length = 0;
    await cluster.ensureUser(user);
    expect(aws.calls).not.toContain('PutSecretValue');
    expect(aws.calls).not.toContain('POST scram-secrets');
    await cluster.ensureUser({ ...user, password: 'another-password' });
    expect(aws.calls).toContain('PutSecretValue');
  });

  test('that MSK does not take is refused with its reason', async () => {
    const UnprocessedScramSecrets = [
      { errorCode: 'InvalidSecretArn', errorMessage: 'The key is AWS-managed' },
    ];
    aws.failures.set('POST scram-secrets', [200, { unprocessedScramSecrets: UnprocessedScramSecrets }]);
    await expect(create().ensureUser({ ...user, username: 'shape.b' })).rejects.toMatchObject({
      class: 'refused',
      message: 'InvalidSecretArn: The key is AWS-managed',
    });
  });

  test('whose secret is going to be deleted is made when it is gone', async () => {
    const deleted = {
      ARN: 'arn:aws:secretsmanager:eu-central-1:000000000000:secret:x-aaaaaa',
      DeletedDate: 1,
    };
    aws.failures.set('DescribeSecret', [200, deleted]);
    expect(await create().ensureUser({ ...user, username: 'shape.c' })).toBe('underway');
  });
});

test.each<[number, string, StreamClusterFault['class']]>([
  [403, 'ForbiddenException', 'not_permitted'],
  [401, 'UnauthorizedException', 'not_permitted'],
  [429, 'TooManyRequestsException', 'unreachable'],
  [503, 'ServiceUnavailableException', 'unreachable'],
  [400, 'BadRequestException', 'refused'],
])('%i %s is a fault of class %s', async (status, name, expected) => {
  aws.failures.set('POST topics', [status, { message: 'no' }, name]);
  const fault = await create()
    .ensureTopics([`fault.${name}`], 1)
    .catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(StreamClusterFault);
  expect((fault as StreamClusterFault).class).toBe(expected);
});

test('nobody there is a fault of class unreachable', async () => {
  const client = { endpoint: 'http://127.0.0.1:1', region: settings.region, maxAttempts: 1 };
  const [kafka, secrets] = [new KafkaClient(client), new SecretsManagerClient(client)];
  const cluster = createMskStreamCluster(kafka, secrets, () => Promise.reject(new Error()), settings, roomy);
  await expect(cluster.connection()).rejects.toMatchObject({ class: 'unreachable' });
});

test('brokers get a token that is a signed request to connect', async () => {
  const { token, expiryTime } = await generateAuthToken({ region: settings.region });
  const request = new URL(Buffer.from(token, 'base64url').toString());
  expect(request.host).toBe('kafka.eu-central-1.amazonaws.com');
  expect(request.searchParams.get('Action')).toBe('kafka-cluster:Connect');
  expect(request.searchParams.get('X-Amz-Signature')).toMatch(/^[0-9a-f]{64}$/);
  expect(expiryTime).toBeGreaterThan(Date.now());
});

describe('the roles of what calls MSK, in a stage with its own cluster', () => {
  const { assembly } = stageTemplates();
  const permissions = () => permissionsOf(assembly(stageVariants['sources of each kind']!));
  const ofFunction = (part: string) =>
    permissions().filter(({ functionName }) => functionName.includes(`-${part}`));
  const asCalledBy = (functionName: string, calls: readonly AwsCall[]) =>
    calls.map((call) => ({ functionName, ...call }));

  /** What roles allow for others than their functions' calls of MSK and Secrets Manager. */
  const explained = [
    /: (logs|ec2|dynamodb|sqs):/, // Tried on the local machine, or Lambda's.
    /: kms:/, // Secrets Manager and MSK use the key in the role's name.
    /: secretsmanager:GetSecretValue on .*-data-/, // At the start of a function.
  ];
  /** @param ofBrokers what is asked by Kafka's protocol, of which the brokers ask IAM themselves */
  const unexplained = (unused: readonly string[], ofBrokers: RegExp) =>
    unused.filter((line) => ![...explained, ofBrokers].some((pattern) => pattern.test(line)));

  test('all that was asked of AWS above is what the role of the provisioning function allows', () => {
    const allowed = ofFunction('Provision');
    const calls = asCalledBy(allowed[0]!.functionName, aws.asked);
    expect(calls.filter((call) => !mayCall(allowed, call))).toEqual([]);
    const rights = /: kafka-cluster:(DescribeCluster|AlterCluster) /;
    expect(unexplained(unusedLines(allowed, calls), rights)).toEqual([]);
  });

  test.each(['t.role', '__consumer_offsets'])(
    'it may list %s, which is no org’s topic, and not remove it',
    (topic) => {
      const allowed = ofFunction('Provision');
      const resource = `${clusterArn.replace(':cluster/', ':topic/')}/${topic}`;
      const may = (action: string) =>
        mayCall(allowed, { functionName: allowed[0]!.functionName, action, resource });
      expect(may('kafka-cluster:DescribeTopic')).toBe(true);
      for (const action of ['kafka:DeleteTopic', 'kafka-cluster:DeleteTopic'])
        expect(may(action)).toBe(false);
    },
  );

  test.each(['PublishFunction', 'PublishPrices', 'SourceAccess'])(
    '%s only asks where the brokers are',
    async (part) => {
      const client = new KafkaClient({ endpoint: aws.url, region: settings.region });
      const [before, allowed] = [aws.asked.length, ofFunction(part)];
      await createMskAccess({ kind: 'msk', clusterArn, region: settings.region }, client)();
      const calls = asCalledBy(allowed[0]!.functionName, aws.asked.slice(before));
      expect(calls.filter((call) => !mayCall(allowed, call))).toEqual([]);
      expect(unexplained(unusedLines(allowed, calls), /: kafka-cluster:/)).toEqual([]);
    },
  );

  test('no other function may call MSK, but those whose mappings do', () => {
    const others = permissions().filter(
      ({ action, functionName }) =>
        action.startsWith('kafka:') && !/-(Provision|Publish|SourceAccess)/.test(functionName),
    );
    expect(
      new Set(others.map(({ functionName }) => functionName.replace(/^.*-Ingest(\w+?)Function.*$/, '$1'))),
    ).toEqual(new Set(['role', 'user', 'there']));
  });
});
