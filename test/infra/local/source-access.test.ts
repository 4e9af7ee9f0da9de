import { describe, expect, it } from 'vitest';
import type { EngineOrigin, KafkaAccess } from '../../../infra/local/engines/engine.ts';
import type { Engines } from '../../../infra/local/engines/engines.ts';
import { Secrets } from '../../../infra/local/secrets-endpoint.ts';
import { type SourceAccess, sourceAccess } from '../../../infra/local/source-access.ts';
import { localListeners } from '../../../infra/source-settings.ts';
import { secretArn } from '../source-stages.ts';

const kafka: KafkaAccess = {
  bootstrapServers: '127.0.0.1:1001',
  username: 'admin',
  password: 'p',
  saslMechanism: 'SCRAM-SHA-512',
  securityProtocol: 'SASL_PLAINTEXT',
};
const kafkaTls: KafkaAccess = {
  ...kafka,
  bootstrapServers: '127.0.0.1:1002',
  securityProtocol: 'SASL_SSL',
  certificateAuthority: '-----BEGIN CERTIFICATE-----',
};

/** How a mapping's brokers are reached on engines of an origin; Java's have a TLS listener. */
function access(source: SourceAccess, origin: EngineOrigin = 'java'): KafkaAccess {
  const secrets = new Secrets();
  secrets.set({
    arn: secretArn('made'),
    name: 'made',
    value: '{"username": "source", "password": "q"}',
  });
  const engines: Engines = {
    origin: { kafka: origin, dynamodb: origin, sqs: origin },
    kafka,
    ...(origin === 'java' && { kafkaTls }),
    dynamodbUrl: '',
    sqsUrl: '',
    processes: [],
    stop: async () => undefined,
  };
  return sourceAccess(source, { engines, secrets });
}

const signIn = (Type: 'BASIC_AUTH' | 'SASL_SCRAM_512_AUTH', name: string) => ({
  Type,
  URI: secretArn(name),
});
const authority = { Type: 'SERVER_ROOT_CA_CERTIFICATE', URI: secretArn('authority') } as const;

describe('the MSK cluster', () => {
  it("is this machine's broker, read by its administrator, or by a user with a secret", () => {
    expect(access({ bootstrapServers: undefined, configurations: [] })).toEqual(kafka);
    const asUser = { bootstrapServers: undefined, configurations: [signIn('SASL_SCRAM_512_AUTH', 'made')] };
    expect(access(asUser)).toEqual({ ...kafka, username: 'source', password: 'q' });
    expect(access(asUser, 'given')).toEqual(kafka);
  });
});

describe('a listener of the local broker', () => {
  it('is reached by the mechanism of the mapping, as the user of the broker', () => {
    expect(
      access({
        bootstrapServers: [localListeners.saslPlaintext],
        configurations: [signIn('BASIC_AUTH', 'unknown')],
      }),
    ).toEqual({ ...kafka, saslMechanism: 'PLAIN' });
  });

  it('is trusted only when the mapping names an authority', () => {
    const bootstrapServers = [localListeners.saslSsl];
    const user = signIn('SASL_SCRAM_512_AUTH', 'unknown');
    expect(access({ bootstrapServers, configurations: [user, authority] })).toEqual(kafkaTls);
    expect(access({ bootstrapServers, configurations: [user] })).not.toHaveProperty('certificateAuthority');
  });

  it.each([
    ['container', "the container's Kafka, unlike Java's, has no SASL_SSL listener"],
    ['given', 'the Kafka of KAFKA_BROKERS has no SASL_SSL listener'],
  ] as const)('that a %s Kafka has not is an error', (origin, error) => {
    expect(() => access({ bootstrapServers: [localListeners.saslSsl], configurations: [] }, origin)).toThrow(
      `${localListeners.saslSsl}: ${error}`,
    );
  });
});

describe('any other Kafka', () => {
  const bootstrapServers = ['a.example.com:9096', 'b.example.com:9096'];

  it('is reached as Lambda would: over TLS, with the secrets that are known', () => {
    expect(
      access({
        bootstrapServers,
        configurations: [signIn('BASIC_AUTH', 'made'), { Type: 'VPC_SUBNET', URI: 'subnet-1' }],
      }),
    ).toEqual({
      bootstrapServers: 'a.example.com:9096,b.example.com:9096',
      username: 'source',
      password: 'q',
      saslMechanism: 'PLAIN',
      securityProtocol: 'SASL_SSL',
    });
    expect(access({ bootstrapServers, configurations: [] })).toMatchObject({ securityProtocol: 'SSL' });
  });

  it('is not reached with a secret that nobody knows', () => {
    expect(() => access({ bootstrapServers, configurations: [authority] })).toThrow(
      `the templates make no secret ${secretArn('authority')}: say in FANOUT_SECRETS what it holds`,
    );
  });
});
