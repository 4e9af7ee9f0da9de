import { Kafka, type KafkaConfig, logLevel } from 'kafkajs';
import { expect } from 'vitest';
import type { FanoutClient } from './fanout-client.ts';

/** What tests read of a stream. */
export interface StreamBody {
  readonly status: string;
  readonly error?: { readonly class: string; readonly step: string; readonly message: string };
  readonly bootstrap_servers: string;
  readonly security_protocol: string;
  readonly sasl_mechanism: string;
  readonly username: string;
  readonly password: string;
  readonly partitions: number;
  readonly topics: Readonly<Record<string, string>>;
  readonly group_prefix: string;
  readonly next?: { readonly username: string; readonly password: string };
  readonly former?: { readonly username: string; readonly valid_until: string };
  readonly commands: { readonly list: string; readonly consume: Readonly<Record<string, string>> };
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** What an org does with its stream. */
export function streamClient(client: FanoutClient) {
  const path = (org: string) => `/v1/orgs/${org}/stream`;
  const get = async (org: string) => (await client.call<StreamBody>('GET', path(org))).body;
  const ready = async (org: string): Promise<StreamBody> => {
    await expect.poll(async () => (await get(org)).status, { timeout: 60_000, interval: 100 }).toBe('ready');
    return get(org);
  };
  return {
    path,
    get,
    ready,
    /** Makes an org with a stream, and waits until it is ready. */
    async create(wanted?: object): Promise<{ org: string; stream: StreamBody; credentials: Credentials }> {
      const org = await client.createOrg();
      const { status, body } = await client.call<StreamBody>('PUT', path(org), wanted);
      expect(status, JSON.stringify(body)).toBe(202);
      const { username, password } = body;
      return { org, stream: await ready(org), credentials: { username, password } };
    },
    async rotate(org: string, overlapSeconds: number): Promise<Credentials> {
      const body = { overlap_seconds: overlapSeconds };
      const answer = await client.call<StreamBody>('POST', `${path(org)}/rotate`, body);
      expect(answer.status, JSON.stringify(answer.body)).toBe(202);
      return answer.body.next!;
    },
    /** Waits until a stream that is being removed is gone. */
    gone: (org: string) =>
      expect
        .poll(async () => (await client.call('GET', path(org))).status, { timeout: 60_000, interval: 100 })
        .toBe(404),
  };
}

/** The flags of a kcat command as kcat reads them: repeated `-X name=value`, and single ones. */
export function parseKcat(command: string) {
  const words = command.replaceAll('\\\n', ' ').trim().split(/\s+/).slice(1);
  const settings: Record<string, string> = {};
  const flags: Record<string, string | true> = {};
  for (let at = 0; at < words.length; at++) {
    const flag = words[at]!;
    const value = words[at + 1];
    if (flag === '-X') {
      const [name = '', ...rest] = words[++at]!.split('=');
      settings[name] = rest.join('=').replace(/^'(.*)'$/, '$1');
    } else if (value !== undefined && !value.startsWith('-')) flags[flag] = words[++at]!;
    else flags[flag] = true;
  }
  return { settings, flags };
}

/** A plain Kafka client that is set up as a kcat command says, with the password put in. */
export function clientOf(command: string, { username, password }: Partial<Credentials>): Kafka {
  const { settings, flags } = parseKcat(command);
  expect(settings).toMatchObject({ 'sasl.mechanism': 'SCRAM-SHA-512', 'sasl.password': '<PASSWORD>' });
  const config: KafkaConfig = {
    brokers: String(flags['-b']).split(','),
    ssl: settings['security.protocol'] === 'SASL_SSL',
    sasl: {
      mechanism: 'scram-sha-512',
      username: username ?? settings['sasl.username']!,
      password: password!,
    },
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  };
  return new Kafka(config);
}

/** Why a consumer is refused; undefined when it gets a first record. It ends itself. */
export async function whyRefused(kafka: Kafka, topic: string, groupId: string): Promise<string | undefined> {
  const consumer = kafka.consumer({ groupId, retry: { retries: 0 } });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    return await new Promise<string | undefined>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => resolve(reasonOf(payload.error)));
      consumer.run({ eachMessage: async () => resolve(undefined) }).catch(reject);
    });
  } catch (error) {
    return reasonOf(error as Error);
  } finally {
    await consumer.disconnect();
  }
}

/** kafkajs tells of a refused group and of a refused password in its message alone. */
export function reasonOf(error: Error): string {
  const { type } = error as { type?: string };
  const cause = error.cause instanceof Error ? reasonOf(error.cause) : '';
  return [type ?? `${error.name}: ${error.message}`, cause].filter(Boolean).join(' < ');
}
