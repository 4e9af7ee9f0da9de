import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { vi } from 'vitest';
import { readCloudAssembly, type StackTemplate } from '../../infra/local/cloud-assembly.ts';
import { type Engines, type KafkaAccess, startEngines } from '../../infra/local/engines/engines.ts';
import { type Plan, runMachine } from '../../infra/local/machine.ts';
import { createDynamoDbClient } from '../../lib/adapters/dynamodb-client.ts';
import { createSqsClient } from '../../lib/adapters/sqs-client.ts';
import { localAssembly } from '../local-assembly.ts';

/** Names of the tables and the URL of the queue that one test has for itself. */
export interface Stores {
  readonly config: string;
  readonly events: string;
  readonly wakeUps: string;
  readonly slowWakeUps: string;
  readonly streams: string;
}

export interface Storage {
  readonly dynamodb: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly kafka: KafkaAccess;
  /** Empty tables and queues, made from the local stage's templates by the local machine's own code. */
  freshStores(): Promise<Stores>;
  stop(): Promise<void>;
}

const storing = new Set(['AWS::DynamoDB::GlobalTable', 'AWS::SQS::Queue']);

/** Real engines, and the clients that the functions use. */
export async function startStorage(): Promise<Storage> {
  const [engines, stacks] = await Promise.all([startEngines({ fast: true, say: () => {} }), storingStacks()]);
  // What Lambda and the local machine give to functions.
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', engines.dynamodbUrl);
  vi.stubEnv('AWS_ENDPOINT_URL_SQS', engines.sqsUrl);
  vi.stubEnv('AWS_REGION', 'local');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
  const [dynamodb, sqs] = [createDynamoDbClient(), createSqsClient()];
  let made = 0;
  return {
    dynamodb,
    sqs,
    kafka: engines.kafka,
    freshStores: () => makeStores(stacks, engines, `contract${made++}`),
    async stop() {
      dynamodb.destroy();
      sqs.destroy();
      vi.unstubAllEnvs();
      await engines.stop();
    },
  };
}

/** The stacks of the local stage with their tables and queues only, and an output for each. */
async function storingStacks(): Promise<StackTemplate[]> {
  return readCloudAssembly(await localAssembly()).map((stack) => {
    const resources = Object.entries(stack.template.Resources ?? {}).filter(([, { Type }]) =>
      storing.has(Type),
    );
    const outputs = resources.map(([logicalId]) => [logicalId, { Value: { Ref: logicalId } }] as const);
    const template = { Resources: Object.fromEntries(resources), Outputs: Object.fromEntries(outputs) };
    return { ...stack, template };
  });
}

/** Resources that their template does not name are named after their stack, so another stack name makes others. */
async function makeStores(stacks: readonly StackTemplate[], engines: Engines, name: string): Promise<Stores> {
  const plan: Plan = {
    stacks: stacks.map((stack) => ({ ...stack, name: `${stack.name}-${name}` })),
    resources: [],
    outputs: {},
  };
  const machine = await runMachine(plan, engines, { apiPort: 0, say: () => {}, log: () => {} });
  await machine.stop();
  const made = Object.assign({}, ...Object.values(machine.outputs)) as Record<string, string>;
  const named = (construct: RegExp) =>
    Object.entries(made).find(([logicalId]) => construct.test(logicalId))![1];
  return {
    config: named(/^Config/),
    events: named(/^Events/),
    wakeUps: named(/^QueuesWakeUps(?!Dead)/),
    slowWakeUps: named(/^QueuesSlowWakeUps(?!Dead)/),
    streams: named(/^QueuesStreams(?!Dead)/),
  };
}
