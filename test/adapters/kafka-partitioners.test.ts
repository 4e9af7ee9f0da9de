import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { mavenFolder, storedClassPaths } from '../../infra/local/engines/class-paths.ts';
import { createFolder, removeFolder } from '../../infra/local/engines/folder.ts';
import { fastStart } from '../../infra/local/engines/java-program.ts';
import { runJava } from '../../infra/local/engines/run-java.ts';
import { useEngine } from '../infra/local/pollers/engine-for-tests.ts';
import { attempt, createTopic, messageWith, readTopic, startSender, targetOf } from './kafka-topics.ts';

const engines = useEngine('kafka');
const run = promisify(execFile);

/** Of all lengths, by four and over, and with bytes above 127. */
const keys = [
  ...Array.from({ length: 60 }, (_, length) => 'order-'.repeat(10).slice(0, length + 1)),
  ...Array.from({ length: 100 }, (_, n) => `customer-${n}`),
  ...['1000000', '12345678901234567890', 'evt_123', '{"id":1.10,"tags":["a","b"]}'],
  ...['größe', 'größer', '日本', '日本語', '\u{1F600}', 'a\u{1F600}b', 'ÿÿÿÿ', 'ÿ'],
];
const partitions = 12;

/** A topic with the keys as an endpoint gets them, and files that tell another client to write them, too. */
async function prepare(settings: Record<string, string>) {
  const { kafka } = engines();
  const topic = await createTopic(kafka, { partitions });
  const sender = startSender();
  const target = targetOf(kafka, topic);
  const ours = keys.map((key) => attempt(sender, target, { message: messageWith({ key, value: 'ours' }) }));
  for (const one of ours) expect(await one).toHaveProperty('acknowledged');

  const folder = await createFolder();
  onTestFinished(() => removeFolder(folder));
  const [settingsFile, keysFile] = [join(folder, 'client.properties'), join(folder, 'keys')];
  const all = {
    'bootstrap.servers': kafka.bootstrapServers,
    'security.protocol': 'SASL_PLAINTEXT',
    'sasl.mechanism': 'PLAIN',
    ...settings,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(settingsFile, lines.join(''), { mode: 0o600 });
  return { kafka, topic, folder, settingsFile, keysFile };
}

/** @param value what the other client's messages hold */
async function expectSamePartitions(topic: string, value: string): Promise<void> {
  const stored = await readTopic(engines().kafka, topic);
  const partitionsOf = (writer: string) =>
    new Map(stored.filter((one) => one.value === writer).map(({ key, partition }) => [key, partition]));
  const theirs = partitionsOf(value);
  expect(theirs.size).toBe(keys.length);
  expect(new Set(theirs.values()).size).toBe(partitions);
  expect(partitionsOf('ours')).toEqual(theirs);
}

test('a key goes to the partition that Java’s client picks', async ({ skip }) => {
  const jars = (await storedClassPaths())?.kafka ?? skip('Kafka’s own client is not on this machine');
  const { username, password } = engines().kafka;
  const { topic, folder, settingsFile, keysFile } = await prepare({
    'sasl.jaas.config':
      'org.apache.kafka.common.security.plain.PlainLoginModule required ' +
      `username="${username}" password="${password}";`,
  });
  await writeFile(keysFile, keys.map((key) => `${key}\n`).join(''));
  const log = `-Dlog4j2.configurationFile=${join(mavenFolder, 'kafka', 'log4j2.xml')}`;
  const program = join(import.meta.dirname, 'ProduceKeys.java');
  const options = [...fastStart, '-Dfile.encoding=UTF-8', log, '-cp', jars.join(delimiter)];
  await runJava(folder, 'Java’s client', [...options, program, settingsFile, topic, keysFile]);
  await expectSamePartitions(topic, 'java');
});

test('a key goes to the partition that librdkafka’s client picks where it is told to do as Java’s', async ({
  skip,
}) => {
  const version = await run('kcat', ['-V']).catch(() => undefined);
  if (!version) skip('there is no kcat on this machine');
  const { username, password } = engines().kafka;
  const { topic, settingsFile, keysFile } = await prepare({
    'sasl.username': username,
    'sasl.password': password,
    partitioner: 'murmur2_random',
  });
  await writeFile(keysFile, keys.map((key) => `${key}\tlibrdkafka\n`).join(''));
  await run('kcat', ['-F', settingsFile, '-P', '-t', topic, '-K', '\t', '-l', keysFile]);
  await expectSamePartitions(topic, 'librdkafka');
});
