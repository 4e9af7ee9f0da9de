import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, CfnOutput, Duration, Fn, Stack } from 'aws-cdk-lib';
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaAuthorizer, HttpLambdaResponseType } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AttributeType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import {
  Code,
  EventSourceMapping,
  Function as LambdaFunction,
  Runtime,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda';
import { CfnCluster, CfnTopic } from 'aws-cdk-lib/aws-msk';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import featureFlags from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };

export interface FixtureSettings {
  readonly batchSize?: number;
  readonly route?: string;
  readonly greeting?: string;
  readonly topic?: string;
}

const require = createRequire(import.meta.url);
const dynamodb = JSON.stringify(require.resolve('@aws-sdk/client-dynamodb'));
const sqs = JSON.stringify(require.resolve('@aws-sdk/client-sqs'));
const secrets = JSON.stringify(require.resolve('@aws-sdk/client-secrets-manager'));

/** Keeps what comes from a queue or a topic in the table; over HTTP, sends the body to the queue. */
const code = `
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
const { DynamoDBClient, PutItemCommand } = require(${dynamodb});
const { SQSClient, SendMessageCommand } = require(${sqs});
const { SecretsManagerClient, GetSecretValueCommand } = require(${secrets});
const [table, queue, vault] = [new DynamoDBClient(), new SQSClient(), new SecretsManagerClient()];
const keep = (pk) => table.send(new PutItemCommand({ TableName: process.env.TABLE, Item: { pk: { S: pk } } }));

export async function handler(event) {
  if (event.type === 'REQUEST') return { isAuthorized: event.headers.authorization === 'let me in', context: { who: 'me' } };
  if (event.Records) await Promise.all(event.Records.map(({ body }) => keep('queue ' + body)));
  if (event.records) {
    await Promise.all(Object.values(event.records).flat().map(({ value }) => keep('topic ' + Buffer.from(value, 'base64'))));
  }
  if (!event.rawPath) return {};
  await queue.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE, MessageBody: event.body }));
  const { SecretString } = await vault.send(new GetSecretValueCommand({ SecretId: process.env.SECRET }));
  return { greeting: process.env.GREETING, secret: SecretString, who: event.requestContext.authorizer.lambda.who };
}`;

/**
 * A small app with one of everything that runs, in two stacks.
 * @returns the folder of its cloud assembly
 */
export function synthesizeFixture(settings: FixtureSettings = {}): string {
  const { batchSize = 5, route = '/things/{thing}', greeting = 'hello', topic = 'things' } = settings;
  const codeFolder = mkdtempSync(join(tmpdir(), 'fanout-fixture-code-'));
  writeFileSync(join(codeFolder, 'index.mjs'), code);
  const app = new App({
    context: { ...featureFlags },
    analyticsReporting: false,
    outdir: mkdtempSync(join(tmpdir(), 'fanout-fixture-')),
  });

  const data = new Stack(app, 'FixtureData');
  const pk = { name: 'pk', type: AttributeType.STRING };
  const table = new TableV2(data, 'Table', {
    partitionKey: pk,
    timeToLiveAttribute: 'ends_at',
    globalSecondaryIndexes: [
      { indexName: 'by_kind', partitionKey: { name: 'kind', type: AttributeType.STRING }, sortKey: pk },
    ],
  });
  const deadLetterQueue = { queue: new Queue(data, 'Dead'), maxReceiveCount: 7 };
  const queue = new Queue(data, 'Queue', { visibilityTimeout: Duration.seconds(30), deadLetterQueue });
  const secret = new Secret(data, 'Secret', {
    generateSecretString: { passwordLength: 12, excludePunctuation: true },
  });
  const cluster = new CfnCluster(data, 'Cluster', {
    clusterName: 'fixture',
    kafkaVersion: '3.9.x.kraft',
    numberOfBrokerNodes: 3,
    brokerNodeGroupInfo: { instanceType: 'kafka.m7g.large', clientSubnets: ['a', 'b', 'c'] },
  });
  new CfnTopic(data, 'Topic', {
    clusterArn: cluster.attrArn,
    topicName: topic,
    partitionCount: 2,
    replicationFactor: 3,
    configs: Fn.base64('min.insync.replicas=2\nretention.ms=3600000\n'),
  });

  const use = new Stack(app, 'FixtureUse');
  const handler = new LambdaFunction(use, 'Function', {
    runtime: Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: Code.fromAsset(codeFolder),
    memorySize: 256,
    timeout: Duration.seconds(20),
    environment: {
      TABLE: table.tableName,
      QUEUE: queue.queueUrl,
      SECRET: secret.secretArn,
      GREETING: greeting,
    },
  });
  new EventSourceMapping(use, 'FromQueue', { target: handler, eventSourceArn: queue.queueArn, batchSize });
  new EventSourceMapping(use, 'FromTopic', {
    target: handler,
    eventSourceArn: cluster.attrArn,
    kafkaTopic: topic,
    kafkaConsumerGroupId: 'fixture',
    startingPosition: StartingPosition.TRIM_HORIZON,
    maxBatchingWindow: Duration.seconds(0),
  });
  const api = new HttpApi(use, 'Api', {
    defaultAuthorizer: new HttpLambdaAuthorizer('Door', handler, {
      responseTypes: [HttpLambdaResponseType.SIMPLE],
    }),
  });
  api.addRoutes({
    path: route,
    methods: [HttpMethod.POST],
    integration: new HttpLambdaIntegration('Handle', handler),
  });
  new CfnOutput(use, 'Url', { value: api.apiEndpoint });
  new CfnOutput(data, 'TableName', { value: table.tableName });
  new CfnOutput(data, 'QueueUrl', { value: queue.queueUrl });
  new CfnOutput(data, 'SecretArn', { value: secret.secretArn });
  const { directory } = app.synth();
  // The assembly has its own copy.
  rmSync(codeFolder, { recursive: true });
  return directory;
}
