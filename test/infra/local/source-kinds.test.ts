import { Kafka, type Producer } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Engines, startEngines } from '../../../infra/local/engines/engines.ts';
import { kafkaClientOptions } from '../../../infra/local/engines/kafka-client.ts';
import { type Fanout, startFanout } from '../../../infra/local/fanout-local.ts';
import { localSecret } from '../../../infra/local/source-secrets.ts';
import type { SourceCluster } from '../../../infra/source-settings.ts';
import { stages } from '../../../infra/stages.ts';
import { makeTopic } from '../../adapters/kafka-topics.ts';
import { connectClient, type FanoutClient } from '../../e2e/fanout-client.ts';
import { assemblyOf } from '../../local-assembly.ts';
import { type Receiver, startReceiver } from '../../receiver.ts';
import { onLocalBroker, secretArn, selfManaged, stageOf } from '../source-stages.ts';

const plaintext = onLocalBroker('saslPlaintext');
const tls = onLocalBroker('saslSsl');

const kinds: Record<string, SourceCluster> = {
  'msk-iam': { kind: 'msk', authentication: 'iam' },
  'msk-scram-512': { kind: 'msk', authentication: 'scram-sha-512' },
  plain: selfManaged('plain', plaintext),
  'scram-256': selfManaged('scram-sha-256', plaintext),
  'scram-512': selfManaged('scram-sha-512', plaintext),
};
const tlsKinds: Record<string, SourceCluster> = {
  'tls-plain': selfManaged('plain', tls),
  'tls-scram-256': selfManaged('scram-sha-256', tls),
  'tls-scram-512': selfManaged('scram-sha-512', tls),
};
/** Over TLS, as Lambda would reach it: the address is in the stage, and the secrets are given. */
const elsewhere = (server: string): Record<string, SourceCluster> => ({
  elsewhere: selfManaged('scram-sha-512', {
    bootstrapServers: [server],
    credentials: { secretArn: secretArn('elsewhere') },
    certificateAuthority: { secretArn: secretArn('elsewhere-authority') },
  }),
});
const wrongPassword = secretArn('wrong-password');
const broken: Record<string, SourceCluster> = {
  'wrong-password': selfManaged('scram-sha-512', { ...plaintext, credentials: { secretArn: wrongPassword } }),
};
const unknownAuthority: Record<string, SourceCluster> = {
  'unknown-authority': selfManaged('plain', { ...tls, certificateAuthority: undefined }),
};

const lines: string[] = [];
let engines: Engines;
let fanout: Fanout;
let client: FanoutClient;
let producer: Producer;
let receiver: Receiver;
let org: string;

beforeAll(async () => {
  engines = await startEngines({ fast: true, say: () => {} });
  // Engines in containers have no TLS.
  const clusters = {
    ...kinds,
    ...broken,
    ...(engines.kafkaTls && {
      ...tlsKinds,
      ...elsewhere(engines.kafkaTls.bootstrapServers),
      ...unknownAuthority,
    }),
  };
  if (engines.kafkaTls) await createTopic('t.elsewhere');
  fanout = await startFanout({
    say: (line) => void lines.push(line),
    fast: true,
    engines,
    assembly: await assemblyOf(stageOf(clusters, stages.local)),
    secrets: {
      [wrongPassword]: JSON.stringify({ username: 'admin', password: 'not it' }),
      ...(engines.kafkaTls && {
        [secretArn('elsewhere')]: localSecret(engines.kafkaTls),
        [secretArn('elsewhere-authority')]: localSecret(engines.kafkaTls),
      }),
    },
  });
  client = await connectClient(fanout);
  producer = new Kafka(kafkaClientOptions(engines.kafka)).producer();
  await producer.connect();
  receiver = await startReceiver();
  org = await client.createOrg();
  await client.createEndpoint(org, receiver.url);
});
afterAll(async () => {
  await producer?.disconnect();
  await client?.stop();
  await fanout?.stop();
  await engines?.stop();
  await receiver?.stop();
});

/** The deploy makes no topic on a self-managed cluster; the local machine does on its own broker. */
async function createTopic(topic: string): Promise<void> {
  await makeTopic(engines.kafka, { topic, numPartitions: 1 });
}

/** Produces one record into the topic of a source, and answers the webhook that it becomes. */
async function deliverFrom(name: string) {
  const value = JSON.stringify({ event_type: 'a', owner_id: org, data: { from: name } });
  await producer.send({ topic: `t.${name}`, messages: [{ value, partition: 0 }] });
  const body = `{"from":"${name}"}`;
  await expect.poll(() => receiver.received.map((webhook) => webhook.body)).toContain(body);
  return receiver.received.find((webhook) => webhook.body === body)!;
}

describe('a record arrives, and its trace names its source', () => {
  it.each(Object.keys(kinds))('from %s', async (name) => {
    const webhook = await deliverFrom(name);
    const trace = await client.trace(String(webhook.headers['webhook-id']));
    expect(trace).toMatchObject({ source: { name, topic: `t.${name}`, partition: 0, offset: 0 } });
  });

  it.for([...Object.keys(tlsKinds), 'elsewhere'])('from %s', async (name, { skip }) => {
    if (!engines.kafkaTls) skip('engines in containers have no TLS');
    const webhook = await deliverFrom(name);
    const trace = await client.trace(String(webhook.headers['webhook-id']));
    expect(trace).toMatchObject({ source: { name, topic: `t.${name}`, partition: 0, offset: 0 } });
  });
});

describe('a source that cannot be read says so, and the others go on', () => {
  const said = (name: string) => () => lines.find((line) => line.includes(`Mapping${name}`));

  it('a wrong password', async () => {
    await expect
      .poll(said('wrongpassword'))
      .toMatch(/: Kafka cannot be read, trying again: .*SCRAM.*authentication failed/i);
  });

  it('a certificate that nobody known has signed', async ({ skip }) => {
    if (!engines.kafkaTls) skip('engines in containers have no TLS');
    await expect
      .poll(said('unknownauthority'))
      .toMatch(/: Kafka cannot be read, trying again: .*certificate/);
  });
});

it('a secret that nobody knows stops the start, naming the source and the secret', async () => {
  const unknown = { bootstrapServers: ['127.0.0.1:9'], credentials: { secretArn: secretArn('unknown') } };
  const stage = stageOf({ unknown: selfManaged('plain', unknown) }, stages.local);
  await expect(startFanout({ say: () => {}, engines, stage })).rejects.toThrow(
    new RegExp(`Mappingunknown.*the templates make no secret ${secretArn('unknown')}: say in FANOUT_SECRETS`),
  );
}, 90_000);
