import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { storedCertificate } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { mavenFolder } from './class-paths.ts';
import type { KafkaAccess } from './engine.ts';
import { fastStart, writeArguments } from './java-program.ts';
import type { JavaProgram } from './java-program.ts';
import { untilKafkaServes } from './kafka-client.ts';
import { administrator, kafkaProperties } from './kafka-properties.ts';
import { runJava } from './run-java.ts';

const loopback = '127.0.0.1';

/** Kafka as a program, formatted and with its certificate, and how to reach it on the ports that it has got. */
export interface KafkaProgram extends JavaProgram {
  access(ports: readonly number[]): { kafka: KafkaAccess; kafkaTls: KafkaAccess };
}

/** Prepares a single Kafka node in `folder`: formats its storage, and makes its TLS certificate where there is none yet, both at once. */
export async function kafkaProgram(folder: string, jars: readonly string[]): Promise<KafkaProgram> {
  const password = newPassword();
  const options = [
    ...fastStart,
    '-Xmx512m',
    `-Dlog4j2.configurationFile=${path.join(mavenFolder, 'kafka', 'log4j2.xml')}`,
    '-cp',
    jars.join(path.delimiter),
  ];
  const [certificate] = await Promise.all([storedCertificate(), format(folder, options, password)]);
  const access = (ports: readonly number[]): ReturnType<KafkaProgram['access']> =>
    accessOn(ports, password, certificate);
  return {
    name: 'kafka',
    title: 'Kafka',
    folder,
    access,
    async command(ports) {
      await writeProperties(folder, password, certificate, ports);
      return [...options, 'kafka.Kafka', path.join(folder, 'server.properties')];
    },
    ports: kafkaPorts,
    serves: (ports) => untilKafkaServes(access(ports).kafka, 60_000),
  };
}

/** Hexadecimal, so that it needs no quoting in any of the files it goes into. */
export function newPassword(): string {
  return randomBytes(16).toString('hex');
}

/** A cluster id as Kafka writes them: 16 bytes in base64url, not starting with a dash. */
export function newClusterId(): string {
  return `F${randomBytes(16).toString('base64url').slice(1)}`;
}

/** Controller, CLIENT, TLS: with port 0 Kafka opens its listeners in the order of its settings, else in any. */
function kafkaPorts(log: string): number[] | undefined {
  const ports = [...log.matchAll(/Awaiting socket connections on [^\s]*:(\d+)\./g)].map((match) =>
    Number(match[1]),
  );
  return ports.length === 3 && log.includes('Kafka Server started') ? ports : undefined;
}

function accessOn(
  ports: readonly number[],
  password: string,
  certificate: Certificate,
): ReturnType<KafkaProgram['access']> {
  const [, client = 0, tls = 0] = ports;
  const user = { username: administrator, password, saslMechanism: 'SCRAM-SHA-512' } as const;
  return {
    kafka: { bootstrapServers: `${loopback}:${client}`, securityProtocol: 'SASL_PLAINTEXT', ...user },
    kafkaTls: {
      bootstrapServers: `${loopback}:${tls}`,
      securityProtocol: 'SASL_SSL',
      ...user,
      certificateAuthority: certificate.authority,
    },
  };
}

async function writeProperties(
  folder: string,
  password: string,
  { keystore, keystorePassword }: Pick<Certificate, 'keystore' | 'keystorePassword'>,
  [controller = 0, client = 0, tls = 0]: readonly number[],
): Promise<void> {
  const text = kafkaProperties({
    password,
    dataFolder: path.join(folder, 'kafka-data'),
    controller: `${loopback}:${controller}`,
    client: `${loopback}:${client}`,
    tls: { listener: `${loopback}:${tls}`, keystore, keystorePassword },
  });
  await writeFile(path.join(folder, 'server.properties'), text, { mode: 0o600 });
}

/** Formats the storage with the administrator's credentials: SCRAM users cannot be made later without one. */
async function format(folder: string, options: readonly string[], password: string): Promise<void> {
  // The tool only reads the settings that matter to the storage, so the certificate need not be there yet.
  const properties = path.join(folder, 'format.properties');
  const text = kafkaProperties({
    password,
    dataFolder: path.join(folder, 'kafka-data'),
    controller: `${loopback}:0`,
    client: `${loopback}:0`,
  });
  await writeFile(properties, text, { mode: 0o600 });
  const credentials = ['SCRAM-SHA-512', 'SCRAM-SHA-256'].flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${administrator},password=${password}]`,
  ]);
  const tool = [
    'kafka.tools.StorageTool',
    'format',
    '-t',
    newClusterId(),
    '-c',
    properties,
    '--standalone',
    ...credentials,
  ];
  const args = await writeArguments(path.join(folder, 'format.arguments'), [...options, ...tool]);
  await runJava(folder, "Kafka's format tool", [args]);
}
