import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { AwsCall } from '../../infra/local/aws-calls.ts';

type Answer = readonly [status: number, body: object, errorName?: string];
type Input = Record<string, unknown>;

const outOfOrder: Answer = [503, { message: 'out of order' }, 'ServiceUnavailableException'];

export const clusterArn =
  'arn:aws:kafka:eu-central-1:000000000000:cluster/fanout-sandbox/00000000-0000-4000-8000-000000000000-1';

/** A stage's cluster there, as functions are told of it. */
export const mskSettings = {
  kind: 'msk' as const,
  clusterArn,
  region: 'eu-central-1',
  secretPrefix: 'AmazonMSK_fanout-sandbox.',
  keyArn: 'arn:aws:kms:eu-central-1:000000000000:key/1',
  replication: 3,
  minInSyncReplicas: 2,
};

/** What does what MSK would do, where a test needs that. */
export interface Brokers {
  makeTopic(topic: string, partitions: number): Promise<void>;
  removeTopic(topic: string): Promise<void>;
  letIn(user: { readonly username: string; readonly password: string }): Promise<void>;
  keepOut(username: string): Promise<void>;
}

export interface AwsEndpoint {
  readonly url: string;
  /** Topics with their state, as DescribeTopic tells it. */
  readonly topics: Map<string, { PartitionCount: number; Status: string; request: Input }>;
  /** Secrets by name. */
  readonly secrets: Map<string, { arn: string; value: string; request: Input }>;
  readonly associated: Set<string>;
  /** Names of the calls, in order. */
  readonly calls: string[];
  /** The calls as IAM would be asked about them. */
  readonly asked: AwsCall[];
  /** What the next call of a name is answered instead. */
  readonly failures: Map<string, Answer>;
  /** The call, counted as `calls` are, that is answered as if AWS were out of order: with nothing done, or all. */
  failAt?: { readonly call: number; readonly when: 'before' | 'after' };
  stop(): Promise<void>;
}

/** A call as IAM is asked about it, and whether that is about the cluster, a topic of it, or all of them. */
type KafkaAction = readonly [action: string, on: 'cluster' | 'topic' | 'topics'];

/**
 * What each call of MSK is to IAM. Those about topics are calls of the brokers besides.
 * @see https://docs.aws.amazon.com/msk/latest/developerguide/msk-topic-operations-information.html
 */
const kafkaActions: Readonly<Record<string, readonly KafkaAction[]>> = {
  'GET bootstrap-brokers': [['kafka:GetBootstrapBrokers', 'cluster']],
  'GET topics': [
    ['kafka:ListTopics', 'cluster'],
    ['kafka-cluster:Connect', 'cluster'],
    ['kafka-cluster:DescribeTopic', 'topics'],
  ],
  'POST topics': [
    ['kafka:CreateTopic', 'cluster'],
    ['kafka:CreateTopic', 'topic'],
    ['kafka-cluster:Connect', 'cluster'],
    ['kafka-cluster:CreateTopic', 'topic'],
  ],
  'GET topic': [
    ['kafka:DescribeTopic', 'topic'],
    ['kafka-cluster:Connect', 'cluster'],
    ['kafka-cluster:DescribeTopic', 'topic'],
    ['kafka-cluster:DescribeTopicDynamicConfiguration', 'topic'],
  ],
  'DELETE topic': [
    ['kafka:DeleteTopic', 'topic'],
    ['kafka-cluster:Connect', 'cluster'],
    ['kafka-cluster:DescribeTopic', 'topic'],
    ['kafka-cluster:DeleteTopic', 'topic'],
  ],
  'GET scram-secrets': [['kafka:ListScramSecrets', 'cluster']],
  'POST scram-secrets': [['kafka:BatchAssociateScramSecret', 'cluster']],
  'PATCH scram-secrets': [['kafka:BatchDisassociateScramSecret', 'cluster']],
};

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonmanagedstreamingforapachekafka.html */
function asIamSees(name: string, input: Input): AwsCall[] {
  const ofKafka = kafkaActions[name];
  if (!ofKafka) {
    const id = String(input['SecretId'] ?? input['Name']);
    const arn = `arn:aws:secretsmanager:eu-central-1:000000000000:secret:${id}-000000`;
    return [{ action: `secretsmanager:${name}`, resource: id.startsWith('arn:') ? id : arn }];
  }
  const topicArns = clusterArn.replace(':cluster/', ':topic/');
  const arns = {
    cluster: clusterArn,
    topic: `${topicArns}/${String(input['topicName'])}`,
    topics: `${topicArns}/*`,
  };
  return ofKafka.map(([action, on]) => ({ action, resource: arns[on] }));
}

/**
 * The calls of MSK and Secrets Manager that streams need, in the shapes that their API references document, for there is no
 * engine that answers them. A topic that is made or removed shows so to the call after the next.
 */
export async function startAwsEndpoint(addresses: string, brokers?: Brokers): Promise<AwsEndpoint> {
  const topics: AwsEndpoint['topics'] = new Map();
  const secrets: AwsEndpoint['secrets'] = new Map();
  const associated = new Set<string>();
  const calls: string[] = [];
  const asked: AwsCall[] = [];
  const failures: AwsEndpoint['failures'] = new Map();

  const userOf = (secretArn: string) => {
    const [, secret] = found(secretArn);
    return JSON.parse(secret!.value) as { username: string; password: string };
  };
  const kafka: Readonly<Record<string, (input: Input, topic: string) => Answer | Promise<Answer>>> = {
    'GET bootstrap-brokers': () => [
      200,
      { bootstrapBrokerStringSaslIam: addresses, bootstrapBrokerStringSaslScram: addresses },
    ],
    // Two pages, so that whoever asks has to read on.
    'GET topics': ({ nextToken }) => {
      const all = [...topics].map(([topicName, { PartitionCount: partitionCount }]) => ({
        topicName,
        partitionCount,
        replicationFactor: 3,
      }));
      return [200, nextToken ? { topics: all.slice(1) } : { topics: all.slice(0, 1), nextToken: 'more' }];
    },
    'POST topics': async (input) => {
      const [topicName, PartitionCount] = [String(input['topicName']), Number(input['partitionCount'])];
      if (topics.has(topicName)) return [409, { message: 'exists' }, 'TopicExistsException'];
      topics.set(topicName, { PartitionCount, Status: 'CREATING', request: input });
      await brokers?.makeTopic(topicName, PartitionCount);
      return [200, { topicName, status: 'CREATING' }];
    },
    'GET topic': (_, topicName) => {
      const topic = topics.get(topicName);
      if (!topic) return [404, { message: 'unknown' }, 'UnknownTopicOrPartitionException'];
      const status = topic.Status;
      if (status === 'CREATING') topic.Status = 'ACTIVE';
      if (status === 'GONE') topics.delete(topicName);
      return [
        200,
        { topicName, partitionCount: topic.PartitionCount, status: status.replace('GONE', 'DELETING') },
      ];
    },
    'DELETE topic': async (_, topicName) => {
      const topic = topics.get(topicName);
      if (topic?.Status !== 'ACTIVE') return [409, { message: 'not now' }, 'ConflictException'];
      topic.Status = 'GONE';
      await brokers?.removeTopic(topicName);
      return [200, { topicName, status: 'DELETING' }];
    },
    'GET scram-secrets': ({ nextToken }) => {
      const arns = [...associated];
      return [
        200,
        nextToken
          ? { secretArnList: arns.slice(1) }
          : { secretArnList: arns.slice(0, 1), ...(arns.length > 1 && { nextToken: 'more' }) },
      ];
    },
    'POST scram-secrets': async ({ secretArnList }) => {
      for (const arn of secretArnList as string[]) {
        associated.add(arn);
        await brokers?.letIn(userOf(arn));
      }
      return [200, { clusterArn, unprocessedScramSecrets: [] }];
    },
    'PATCH scram-secrets': async ({ secretArnList }) => {
      for (const arn of secretArnList as string[]) {
        associated.delete(arn);
        await brokers?.keepOut(userOf(arn).username);
      }
      return [200, { clusterArn, unprocessedScramSecrets: [] }];
    },
  };

  const found = (id: unknown) =>
    [...secrets].find(([name, { arn }]) => name === id || arn === id) ?? [undefined, undefined];
  const missing: Answer = [400, { message: 'not there' }, 'ResourceNotFoundException'];
  const secretsManager: Readonly<Record<string, (input: Input) => Answer | Promise<Answer>>> = {
    CreateSecret: (input) => {
      const name = String(input['Name']);
      if (secrets.has(name)) return [400, { message: 'exists' }, 'ResourceExistsException'];
      const suffix = randomBytes(3).toString('hex');
      const arn = `arn:aws:secretsmanager:eu-central-1:000000000000:secret:${name}-${suffix}`;
      secrets.set(name, { arn, value: String(input['SecretString']), request: input });
      return [200, { ARN: arn, Name: name }];
    },
    DescribeSecret: ({ SecretId }) => {
      const [Name, secret] = found(SecretId);
      return secret ? [200, { ARN: secret.arn, Name }] : missing;
    },
    GetSecretValue: ({ SecretId }) => {
      const [, secret] = found(SecretId);
      return secret ? [200, { ARN: secret.arn, SecretString: secret.value }] : missing;
    },
    PutSecretValue: async ({ SecretId, SecretString }) => {
      const [, secret] = found(SecretId);
      if (!secret) return missing;
      secret.value = String(SecretString);
      if (associated.has(secret.arn)) await brokers?.letIn(userOf(secret.arn));
      return [200, { ARN: secret.arn }];
    },
    DeleteSecret: ({ SecretId, ForceDeleteWithoutRecovery }) => {
      const [name, secret] = found(SecretId);
      if (!secret) return missing;
      if (ForceDeleteWithoutRecovery) secrets.delete(name);
      return [200, { ARN: secret.arn }];
    },
  };

  const answerTo = async (request: IncomingMessage): Promise<Answer> => {
    const body = await text(request);
    const input = (body ? JSON.parse(body) : {}) as Input;
    const target = String(request.headers['x-amz-target'] ?? '').replace('secretsmanager.', '');
    const url = new URL(request.url!, 'http://aws');
    const [, arn = '', resource = '', topic] =
      /^\/v1\/clusters\/([^/]+)\/([^/]+)(?:\/([^/]+))?$/.exec(url.pathname) ?? [];
    const name = target || `${request.method} ${topic === undefined ? resource : 'topic'}`;
    const call = calls.push(name);
    asked.push(...asIamSees(name, { topicName: topic, ...input }));
    const failure = failures.get(name);
    failures.delete(name);
    if (failure) return failure;
    const failsWhen = endpoint.failAt?.call === call ? endpoint.failAt.when : undefined;
    if (failsWhen === 'before') return outOfOrder;
    if (!target && decodeURIComponent(arn) !== clusterArn)
      return [404, { message: 'no cluster' }, 'NotFoundException'];
    const query = Object.fromEntries(url.searchParams);
    const answer = await (target
      ? secretsManager[target]?.(input)
      : kafka[name]?.({ ...query, ...input }, topic ?? ''));
    if (failsWhen === 'after') return outOfOrder;
    return answer ?? [400, { message: name }, target ? 'UnknownOperationException' : 'BadRequestException'];
  };

  const server = createServer((request, response) => {
    // What its brokers refuse is told, or whoever asked would wait for ever.
    const failed = (error: unknown): Answer => [
      500,
      { message: String(error) },
      'InternalServerErrorException',
    ];
    void answerTo(request)
      .catch(failed)
      .then(([status, body, errorName]) => {
        const headers = {
          'content-type': 'application/json',
          ...(errorName && { 'x-amzn-errortype': errorName }),
        };
        response
          .writeHead(status, headers)
          .end(JSON.stringify({ ...body, ...(errorName && { __type: errorName }) }));
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint: AwsEndpoint = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    topics,
    secrets,
    associated,
    calls,
    asked,
    failures,
    stop: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
  return endpoint;
}
