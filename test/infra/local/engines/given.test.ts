import { describe, expect, test } from 'vitest';
import { givenEngines } from '../../../../infra/local/engines/given.ts';

describe('engines given by the environment', () => {
  test('are none when nothing is set, or set to nothing', () => {
    expect(givenEngines({})).toEqual({});
    expect(givenEngines({ KAFKA_BROKERS: ' ', AWS_ENDPOINT_URL_SQS: '' })).toEqual({});
  });

  test('are a Kafka without sign-in when only brokers are given', () => {
    expect(givenEngines({ KAFKA_BROKERS: 'one:9092, [::1]:9093' })).toEqual({
      kafka: {
        bootstrapServers: 'one:9092,[::1]:9093',
        username: '',
        password: '',
        saslMechanism: 'SCRAM-SHA-512',
        securityProtocol: 'PLAINTEXT',
      },
    });
  });

  test('are a Kafka with sign-in when a user is given', () => {
    const environment = { KAFKA_BROKERS: 'one:9092', KAFKA_USERNAME: 'me', KAFKA_PASSWORD: 'secret' };
    expect(givenEngines(environment).kafka).toMatchObject({
      username: 'me',
      password: 'secret',
      saslMechanism: 'SCRAM-SHA-512',
      securityProtocol: 'SASL_PLAINTEXT',
    });
    const all = { ...environment, KAFKA_SASL_MECHANISM: 'PLAIN', KAFKA_SECURITY_PROTOCOL: 'SASL_SSL' };
    expect(givenEngines(all).kafka).toMatchObject({ saslMechanism: 'PLAIN', securityProtocol: 'SASL_SSL' });
  });

  test('are URLs without a slash at their end', () => {
    expect(
      givenEngines({
        AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:8000/',
        AWS_ENDPOINT_URL_SQS: 'https://sqs.local:9324',
      }),
    ).toEqual({ dynamodbUrl: 'http://127.0.0.1:8000', sqsUrl: 'https://sqs.local:9324' });
  });

  const user = { KAFKA_USERNAME: 'me', KAFKA_PASSWORD: 'secret' };
  test.each([
    [{ KAFKA_BROKERS: 'one' }, 'KAFKA_BROKERS: "one" is not host:port'],
    [{ KAFKA_BROKERS: 'one:9092,two:x' }, '"two:x" is not host:port'],
    [{ KAFKA_BROKERS: 'one:0' }, '"one:0" is not host:port'],
    [{ KAFKA_BROKERS: 'one:70000' }, '"one:70000" is not host:port'],
    [{ KAFKA_BROKERS: 'http://one:9092' }, 'is not host:port'],
    [
      { KAFKA_BROKERS: 'one:9092', ...user, KAFKA_SASL_MECHANISM: 'foo' },
      'KAFKA_SASL_MECHANISM is "foo", but must be PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512',
    ],
    [
      { KAFKA_BROKERS: 'one:9092', ...user, KAFKA_SECURITY_PROTOCOL: 'TLS' },
      'KAFKA_SECURITY_PROTOCOL is "TLS", but must be SASL_PLAINTEXT, SASL_SSL, PLAINTEXT or SSL',
    ],
    [
      { KAFKA_BROKERS: 'one:9092', KAFKA_USERNAME: 'me' },
      'KAFKA_USERNAME and KAFKA_PASSWORD are both needed',
    ],
    [{ KAFKA_BROKERS: 'one:9092', KAFKA_PASSWORD: 'secret' }, 'without KAFKA_USERNAME'],
    [{ KAFKA_BROKERS: 'one:9092', ...user, KAFKA_SECURITY_PROTOCOL: 'SSL' }, 'of no use'],
    [{ KAFKA_BROKERS: 'one:9092', KAFKA_SECURITY_PROTOCOL: 'SASL_SSL' }, 'are both needed'],
    [{ AWS_ENDPOINT_URL_DYNAMODB: 'localhost:8000' }, 'AWS_ENDPOINT_URL_DYNAMODB is "localhost:8000"'],
    [{ AWS_ENDPOINT_URL_SQS: 'tcp://one:1' }, 'must be an http or https URL'],
  ])('are refused when %o, saying what would be right', (environment, message) => {
    expect(() => givenEngines(environment)).toThrow(message);
  });

  test('are refused with every problem at once', () => {
    const broken = { KAFKA_BROKERS: 'one', AWS_ENDPOINT_URL_SQS: 'two' };
    expect(() => givenEngines(broken)).toThrow(/KAFKA_BROKERS.*; AWS_ENDPOINT_URL_SQS/);
  });
});
