import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { CreateTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestContext } from 'vitest';
import { startEngines } from '../../../../infra/local/engines/engines.ts';
import type { EngineProcess, Engines, KafkaAccess } from '../../../../infra/local/engines/engines.ts';
import { removeStaleFolders } from '../../../../infra/local/engines/folder.ts';
import { createLedTopic, kafkaClientOptions } from '../../../../infra/local/engines/kafka-client.ts';
import { freeze } from '../../../freeze.ts';

let engines: Engines;
let folder: string;
const said: string[] = [];
const aws = { region: 'eu-central-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };

beforeAll(async () => {
  engines = await startEngines({ fast: true, say: (line) => said.push(line) });
  folder = await folderOf(process.pid);
}, 180_000);

afterAll(() => engines?.stop());

describe('Kafka', () => {
  test('serves its administrator by SCRAM-SHA-512', () => roundTrip(engines.kafka), 30_000);

  test.each(['SCRAM-SHA-256', 'PLAIN'] as const)('… and by %s', async (saslMechanism) => {
    await roundTrip({ ...engines.kafka, saslMechanism });
  });

  test.each(['SCRAM-SHA-512', 'SCRAM-SHA-256', 'PLAIN'] as const)(
    'serves TLS with %s',
    async (saslMechanism) => {
      await roundTrip({ ...fromJava(engines.kafkaTls), saslMechanism });
    },
  );

  test('shows a certificate that nobody trusts who was not given its authority', async () => {
    const { certificateAuthority, ...stranger } = fromJava(engines.kafkaTls);
    expect(certificateAuthority).toMatch(/^-----BEGIN CERTIFICATE-----/);
    await expect(roundTrip(stranger)).rejects.toThrow(/certificate/);
  });

  test('refuses a wrong password', async () => {
    await expect(roundTrip({ ...engines.kafka, password: 'wrong' })).rejects.toThrow(/[Aa]uthentication/);
  });

  test('takes a record of 1 MiB with key and headers, and refuses one of 3 MiB', async () => {
    const headers = { name: 'x'.repeat(10_000) };
    await roundTrip(engines.kafka, { key: 'key', value: Buffer.alloc(1024 * 1024, 'v'), headers });
    const large = roundTrip(engines.kafka, { key: 'key', value: Buffer.alloc(3 * 1024 * 1024, 'v') });
    await expect(large).rejects.toThrow(/larger than the max message size/);
  });

  test('does not make a topic that nobody created', async () => {
    const kafka = new kafkajs.Kafka({ ...kafkaClientOptions(engines.kafka), retry: { retries: 0 } });
    const producer = kafka.producer();
    await producer.connect();
    await expect(producer.send({ topic: 'nobody.made', messages: [{ value: '1' }] })).rejects.toThrow();
    await producer.disconnect();
  });
});

test('DynamoDB keeps an item', async () => {
  const client = new DynamoDBClient({ ...aws, endpoint: engines.dynamodbUrl });
  await client.send(
    new CreateTableCommand({
      TableName: 'things',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  const item = { id: { S: 'one' }, amount: { N: '12345678901234567890' } };
  await client.send(new PutItemCommand({ TableName: 'things', Item: item }));
  const { Item } = await client.send(new GetItemCommand({ TableName: 'things', Key: { id: { S: 'one' } } }));
  expect(Item).toEqual(item);
});

test('SQS passes a message with its group on, from a queue whose URL is where it can be reached', async () => {
  const client = new SQSClient({ ...aws, endpoint: engines.sqsUrl });
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: 'retries' }));
  expect(QueueUrl?.startsWith(`${engines.sqsUrl}/`)).toBe(true);
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello', MessageGroupId: 'endpoint-1' }));
  const { Messages } = await client.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MessageSystemAttributeNames: ['MessageGroupId'],
      WaitTimeSeconds: 5,
    }),
  );
  expect(Messages).toMatchObject([{ Body: 'hello', Attributes: { MessageGroupId: 'endpoint-1' } }]);
});

describe('engines that are Java programs', () => {
  test('listen on the loopback address only', async (context) => {
    const pids = processes(context).map(({ pid }) => pid);
    if (process.platform !== 'linux') context.skip();
    const addresses = await Promise.all(pids.map(listening));
    expect(addresses.every((one) => one.length > 0)).toBe(true);
    expect([...new Set(addresses.flat())]).toEqual(['127.0.0.1']);
  });

  test('keep the password from the list of processes and from their logs', async (context) => {
    const { password } = engines.kafka;
    for (const { pid } of processes(context)) {
      if (process.platform !== 'linux') context.skip();
      expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(password);
    }
    const logs = (await readdir(folder)).filter((name) => /^(kafka|dynamodb|sqs)-.*\.log$/.test(name));
    expect(logs).toHaveLength(3);
    for (const log of logs) expect(await readFile(path.join(folder, log), 'utf8')).not.toContain(password);
    expect((await stat(folder)).mode & 0o077).toBe(0);
  });

  test('Kafka that was killed comes back with its data, on its ports', async (context) => {
    const kafka = processOf('kafka', context);
    const topic = await roundTrip(engines.kafka);
    const { pid } = kafka;

    await kafka.kill();
    expect(isAlive(pid)).toBe(false);
    await kafka.restart();

    expect(kafka.pid).not.toBe(pid);
    expect(await consume(engines.kafka, topic, 1)).toEqual(['hello']);
    await roundTrip(fromJava(engines.kafkaTls));
  });

  test('the others come back on their ports', async (context) => {
    await Promise.all((['dynamodb', 'sqs'] as const).map((name) => processOf(name, context).restart()));
    const answers = await Promise.all([engines.dynamodbUrl, engines.sqsUrl].map((url) => fetch(url)));
    expect(answers.map(({ status }) => status)).toEqual([400, 400]);
  });

  test('one that ends by itself is reported, one that we end is not', async (context) => {
    const sqs = processOf('sqs', context);
    expect(said.join('\n')).not.toContain('ended by itself');
    process.kill(sqs.pid, 'SIGKILL');
    await expect
      .poll(() => said.at(-1), { timeout: 5_000 })
      .toMatch(/^ElasticMQ ended by itself \(signal SIGKILL\)/);
    await sqs.restart();
  });

  test('stop leaves no process and no folder, frozen ones included, and can be called again', async (context) => {
    const pids = processes(context).map(({ pid }) => pid);
    await freeze(processOf('kafka', context).pid);
    expect(existsSync(folder)).toBe(true);

    await engines.stop();
    await engines.stop();

    expect(pids.filter(isAlive)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
    await expect(processOf('kafka', context).restart()).rejects.toThrow('stopped');
  });

  test('end with a parent that is killed, and the next start removes what it left', async (context) => {
    processes(context);
    if (process.platform !== 'linux') context.skip();
    const parent = spawn(process.execPath, [path.join(import.meta.dirname, 'child.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const line = await new Promise<string>((resolve) => createInterface(parent.stdout).once('line', resolve));
    const { pids } = JSON.parse(line) as { pids: number[] };
    const left = await folderOf(parent.pid);
    expect(pids.filter(isAlive)).toHaveLength(3);
    expect(existsSync(left)).toBe(true);

    parent.kill('SIGKILL');

    await expect.poll(() => pids.filter(isAlive), { timeout: 10_000 }).toEqual([]);
    await removeStaleFolders();
    expect(existsSync(left)).toBe(false);
  }, 120_000);
});

/** Creates a topic, produces to it and consumes from it in a group; returns the topic. */
async function roundTrip(
  access: KafkaAccess,
  message: kafkajs.Message = { value: 'hello' },
): Promise<string> {
  const options = kafkaClientOptions(access);
  const kafka = new kafkajs.Kafka({ ...options, retry: { ...options.retry, retries: 2 } });
  const topic = `test.${crypto.randomUUID()}`;
  const admin = kafka.admin();
  const producer = kafka.producer();
  try {
    await admin.connect();
    await createLedTopic(admin, { topic });
    await producer.connect();
    await producer.send({ topic, messages: [message] });
  } finally {
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  }
  const values = await consume(access, topic, 1);
  expect(values).toEqual([message.value?.toString()]);
  return topic;
}

async function consume(access: KafkaAccess, topic: string, count: number): Promise<string[]> {
  const kafka = new kafkajs.Kafka(kafkaClientOptions(access));
  const consumer = kafka.consumer({ groupId: `test.${crypto.randomUUID()}`, maxWaitTimeInMs: 100 });
  const values: string[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    // kafkajs starts again by itself after errors that pass, such as a coordinator that still loads.
    consumer.on('consumer.crash', ({ payload }) => payload.restart || reject(payload.error));
    const eachMessage = async ({ message }: kafkajs.EachMessagePayload): Promise<void> => {
      values.push(message.value?.toString() ?? '');
      if (values.length === count) resolve();
    };
    consumer.run({ eachMessage }).catch(reject);
  }).finally(() => consumer.disconnect());
  return values;
}

/** The folder of the engines that a process started; other Fanouts may have theirs beside it. */
async function folderOf(pid: number | undefined): Promise<string> {
  for (const name of await readdir(tmpdir())) {
    const folder = path.join(tmpdir(), name);
    const owner = await readFile(path.join(folder, 'owner.json'), 'utf8').catch(() => '{}');
    if (name.startsWith('fanout-engines-') && (JSON.parse(owner) as { pid?: number }).pid === pid)
      return folder;
  }
  return '';
}

/** The engines' processes; on a machine with Docker there are none, and the test is skipped. */
function processes(context: TestContext): EngineProcess[] {
  if (engines.origin.kafka !== 'java') context.skip();
  return engines.processes;
}

function processOf(name: EngineProcess['name'], context: TestContext): EngineProcess {
  const found = processes(context).find((one) => one.name === name);
  if (!found) throw new Error(`no process of ${name}`);
  return found;
}

function fromJava(access: KafkaAccess | undefined): KafkaAccess {
  if (!access) throw new Error('no TLS listener');
  return access;
}

/** Whether a process runs: one that has ended, but that nobody has waited for yet, does not. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** The addresses that a process listens on, by its open sockets and the kernel's table of those that listen (state 0A). */
async function listening(pid: number): Promise<string[]> {
  const files = await readdir(`/proc/${pid}/fd`);
  const links = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => '')));
  const rows = await Promise.all(
    ['tcp', 'tcp6'].map((table) => readFile(`/proc/${pid}/net/${table}`, 'utf8')),
  );
  const sockets = rows
    .flatMap((table) => table.trim().split('\n').slice(1))
    .map((row) => row.trim().split(/\s+/));
  return sockets
    .filter((fields) => fields[3] === '0A' && links.includes(`socket:[${fields[9]}]`))
    .map((fields) => readableAddress(fields[1] ?? ''));
}

/** The kernel writes addresses as 32 bit words in the machine's byte order; a v6 one ends with the v4 one it maps. */
function readableAddress(hexadecimal: string): string {
  const word = hexadecimal.split(':')[0]?.slice(-8) ?? '';
  return word
    .match(/../g)!
    .reverse()
    .map((byte) => Number.parseInt(byte, 16))
    .join('.');
}
