import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { SendMessageBatchRequestEntry } from '@aws-sdk/client-sqs';
import { onTestFinished } from 'vitest';
import type { Engines } from '../../../../infra/local/engines/engines.ts';
import type { SqsEventRecord } from '../../../../infra/local/pollers/sqs-event.ts';
import type { SqsPollerOptions } from '../../../../infra/local/pollers/sqs-poller.ts';
import { startSqsPoller } from '../../../../infra/local/pollers/sqs-poller.ts';

/** Whatever a function may do with an invocation: the number is that of the invocation, from 0. */
export type Function = (records: SqsEventRecord[], number: number) => unknown;

let queues = 0;

/** A queue of its own, with a dead-letter queue, and what a test does with it. */
export async function createQueueTrial(
  engines: Engines,
  { visibilitySeconds = 60, maxReceiveCount = 1_000 } = {},
) {
  const client = new SQSClient({
    endpoint: engines.sqsUrl,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  onTestFinished(() => client.destroy());
  queues += 1;
  const name = `queue-${process.pid}-${queues}`;
  const dead = await createQueue(client, `${name}-dead`, {});
  const queue = await createQueue(client, name, {
    VisibilityTimeout: String(visibilitySeconds),
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount }),
  });
  return {
    ...queue,
    send: (messages: Partial<SendMessageBatchRequestEntry>[]) => send(client, queue.url, messages),
    sendNumbered: (count: number) =>
      send(
        client,
        queue.url,
        Array.from({ length: count }, (_, n) => ({ MessageBody: `${n}` })),
      ),
    counts: () => counts(client, queue.url),
    deadBodies: async () => {
      const { Messages } = await client.send(
        new ReceiveMessageCommand({ QueueUrl: dead.url, MaxNumberOfMessages: 10 }),
      );
      return (Messages ?? []).map(({ Body }) => Body);
    },
    poll: (work: Function, changes: Partial<SqsPollerOptions> = {}) => poll(engines, queue, work, changes),
  };
}

async function poll(
  engines: Engines,
  queue: { url: string; arn: string },
  work: Function,
  changes: Partial<SqsPollerOptions>,
) {
  const invocations: SqsEventRecord[][] = [];
  const said: string[] = [];
  const poller = await startSqsPoller({
    sqsUrl: engines.sqsUrl,
    queueUrl: queue.url,
    queueArn: queue.arn,
    batchSize: 10,
    windowSeconds: 0,
    maximumConcurrency: 10,
    reportBatchItemFailures: true,
    tag: 'retry',
    ...changes,
    say: (line) => said.push(line),
    async invoke(event) {
      const { Records } = event as { Records: SqsEventRecord[] };
      invocations.push(Records);
      return work(Records, invocations.length - 1);
    },
  });
  onTestFinished(() => poller.stop());
  return { ...poller, invocations, said, bodies: () => invocations.flat().map(({ body }) => body) };
}

async function createQueue(client: SQSClient, QueueName: string, Attributes: Record<string, string>) {
  const { QueueUrl: url = '' } = await client.send(new CreateQueueCommand({ QueueName, Attributes }));
  const got = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }),
  );
  return { url, arn: got.Attributes?.['QueueArn'] ?? '' };
}

async function send(
  client: SQSClient,
  QueueUrl: string,
  messages: Partial<SendMessageBatchRequestEntry>[],
): Promise<void> {
  for (let from = 0; from < messages.length; from += 10) {
    const part = messages.slice(from, from + 10);
    const Entries = part.map((message, index) => ({ MessageBody: 'body', ...message, Id: String(index) }));
    await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  }
}

/** Messages that wait, and messages that are in flight or hidden. */
async function counts(client: SQSClient, QueueUrl: string): Promise<{ waiting: number; hidden: number }> {
  const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] }),
  );
  return { waiting: Number(Attributes?.[names[0]]), hidden: Number(Attributes?.[names[1]]) };
}
