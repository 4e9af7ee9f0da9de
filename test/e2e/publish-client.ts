import type { EachMessagePayload } from 'kafkajs';
import type { Fanout } from '../../infra/local/fanout-local.ts';
import { asAdministrator } from '../adapters/kafka-topics.ts';
import { notePublished } from './canaries.ts';
import { type Credentials, clientOf, type StreamBody } from './stream-client.ts';

export interface Published {
  readonly topic?: string;
  readonly records: readonly {
    readonly id: string;
    readonly topic?: string;
    readonly partition: number;
    readonly offset: string;
  }[];
}

export interface Problem {
  readonly detail: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

/** What publishers to streams do. */
export function publishClient({ url, operatorKey, engines }: Fanout) {
  return {
    /** Publishes a text as it stands, and answers what came back. */
    publish: async (path: string, text: string, key?: string) => {
      notePublished(`POST /v1/orgs/${path}`, text);
      const answer = await fetch(`${url}/v1/orgs/${path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${operatorKey}`,
          'content-type': 'application/json',
          ...(key !== undefined && { 'idempotency-key': key }),
        },
        body: text,
      });
      const contentType = answer.headers.get('content-type') ?? '';
      return { status: answer.status, contentType, body: (await answer.json()) as Published & Problem };
    },
    /** How many records a topic has. */
    countIn: (topic: string) =>
      asAdministrator(engines.kafka, async (admin) =>
        (await admin.fetchTopicOffsets(topic)).reduce((sum, { high }) => sum + Number(high), 0),
      ),
  };
}

/** A record as consumers see it. */
export interface Stored {
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

let groups = 0;

/** The first records of a topic, as a plain client reads them with the org's own credentials and what the stream says. */
export async function readStream(
  stream: StreamBody,
  credentials: Credentials,
  topic: string,
  count: number,
): Promise<Stored[]> {
  const groupId = `${stream.group_prefix}reader-${groups++}`;
  const consumer = clientOf(stream.commands.list, credentials).consumer({ groupId, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const stored: Stored[] = [];
  await new Promise<void>((resolve, reject) => {
    consumer.on('consumer.crash', ({ payload }) => payload.restart || reject(payload.error));
    const eachMessage = async ({ message }: EachMessagePayload) => {
      const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]);
      stored.push({
        key: String(message.key),
        value: String(message.value),
        headers: Object.fromEntries(headers) as Record<string, string>,
      });
      if (stored.length === count) resolve();
    };
    consumer.run({ eachMessage }).catch(reject);
  }).finally(() => consumer.disconnect());
  return stored;
}

/** An event of a ledger: its account's metadata is set. */
export const ledgerEvent = (ledger: string, n: number) =>
  `{"date": "2022-05-12T14:31:07Z", "type": "SAVED_METADATA", "ledger": "${ledger}", ` +
  `"payload": {"targetType": "ACCOUNT", "targetId": "a", "metadata": {"n": ${n}, "amount": 12345678901234567890}}}`;
