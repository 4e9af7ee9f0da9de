import { listed, saslMechanisms, securityProtocols } from './engine.ts';
import type { KafkaAccess } from './engine.ts';

/** The engines that the environment gives; an absent one is ours to start. */
export interface GivenEngines {
  kafka?: KafkaAccess;
  dynamodbUrl?: string;
  sqsUrl?: string;
}

const broker = /^(\[[0-9A-Fa-f:.]+\]|[^\s:,[\]]+):([0-9]{1,5})$/;

/**
 * Reads `KAFKA_BROKERS` (with `KAFKA_USERNAME`, `KAFKA_PASSWORD`, `KAFKA_SASL_MECHANISM` and `KAFKA_SECURITY_PROTOCOL`),
 * `AWS_ENDPOINT_URL_DYNAMODB` and `AWS_ENDPOINT_URL_SQS`. An empty value counts as none.
 * @throws Error that names every value that cannot be right, and what would be
 */
export function givenEngines(environment: NodeJS.ProcessEnv): GivenEngines {
  const problems: string[] = [];
  const kafka = givenKafka(environment, problems);
  const dynamodbUrl = givenUrl('AWS_ENDPOINT_URL_DYNAMODB', environment, problems);
  const sqsUrl = givenUrl('AWS_ENDPOINT_URL_SQS', environment, problems);
  if (problems.length > 0) throw new Error(problems.join('; '));
  return { ...(kafka && { kafka }), ...(dynamodbUrl && { dynamodbUrl }), ...(sqsUrl && { sqsUrl }) };
}

function givenKafka(environment: NodeJS.ProcessEnv, problems: string[]): KafkaAccess | undefined {
  const brokers = environment['KAFKA_BROKERS']?.trim();
  if (!brokers) return undefined;
  const addresses = brokers.split(',').map((address) => address.trim());
  for (const address of addresses) {
    const port = Number(broker.exec(address)?.[2]);
    if (!(port >= 1 && port <= 65535)) {
      problems.push(`KAFKA_BROKERS: "${address}" is not host:port (several are separated by commas)`);
    }
  }
  const username = environment['KAFKA_USERNAME'] ?? '';
  const password = environment['KAFKA_PASSWORD'] ?? '';
  const saslMechanism = oneOf('KAFKA_SASL_MECHANISM', saslMechanisms, 'SCRAM-SHA-512', environment, problems);
  const usual = username === '' ? 'PLAINTEXT' : 'SASL_PLAINTEXT';
  const securityProtocol = oneOf('KAFKA_SECURITY_PROTOCOL', securityProtocols, usual, environment, problems);
  const signsIn = securityProtocol.startsWith('SASL_');
  if (signsIn && (username === '' || password === '')) {
    problems.push(
      `KAFKA_USERNAME and KAFKA_PASSWORD are both needed with KAFKA_SECURITY_PROTOCOL ${securityProtocol}`,
    );
  }
  if (!signsIn && (username !== '' || password !== '')) {
    problems.push(
      username === ''
        ? 'KAFKA_PASSWORD is given without KAFKA_USERNAME'
        : `KAFKA_USERNAME is of no use with KAFKA_SECURITY_PROTOCOL ${securityProtocol}: take SASL_PLAINTEXT or SASL_SSL`,
    );
  }
  return { bootstrapServers: addresses.join(','), username, password, saslMechanism, securityProtocol };
}

function oneOf<Allowed extends string>(
  name: string,
  allowed: readonly Allowed[],
  usual: Allowed,
  environment: NodeJS.ProcessEnv,
  problems: string[],
): Allowed {
  const value = environment[name]?.trim();
  if (!value) return usual;
  const found = allowed.find((one) => one === value);
  if (found === undefined) problems.push(`${name} is "${value}", but must be ${listed(allowed, 'or')}`);
  return found ?? usual;
}

function givenUrl(name: string, environment: NodeJS.ProcessEnv, problems: string[]): string | undefined {
  const value = environment[name]?.trim();
  if (!value) return undefined;
  const url = URL.parse(value);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return value.replace(/\/+$/, '');
  problems.push(`${name} is "${value}", but must be an http or https URL`);
  return undefined;
}
