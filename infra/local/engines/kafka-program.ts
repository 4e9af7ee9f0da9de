import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { storedCertificate } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { mavenFolder } from './class-paths.ts';
import type { KafkaAccess } from './engine.ts';
import { fastStart } from './java-program.ts';
import type { JavaProgram } from './java-program.ts';
import { untilKafkaServes } from './kafka-client.ts';
import { administrator, kafkaProperties } from './kafka-properties.ts';
import { copyEmptyStorage } from './kafka-storage.ts';

const loopback = '127.0.0.1';

/** Kafka as a program, formatted and with its certificate, and how to reach it on the ports that it has got. */
export interface KafkaProgram extends JavaProgram {
  access(ports: readonly number[]): { kafka: KafkaAccess; kafkaTls: KafkaAccess };
}

/** Prepares a single Kafka node in `folder`, with an empty storage. */
export async function kafkaProgram(folder: string, jars: readonly string[]): Promise<KafkaProgram> {
  const options = [
    ...fastStart,
    '-Xmx512m',
    `-Dlog4j2.configurationFile=${path.join(mavenFolder, 'kafka', 'log4j2.xml')}`,
  ];
  const [certificate, password] = await Promise.all([
    storedCertificate(),
    copyEmptyStorage(dataFolderIn(folder), [...options, '-cp', jars.join(path.delimiter)]),
  ]);
  const access = (ports: readonly number[]): ReturnType<KafkaProgram['access']> =>
    accessOn(ports, password, certificate);
  return {
    name: 'kafka',
    title: 'Kafka',
    folder,
    files: jars,
    access,
    async command(ports) {
      await writeProperties(folder, password, certificate, ports);
      return [...options, 'kafka.Kafka', path.join(folder, 'server.properties')];
    },
    ports: kafkaPorts,
    serves: (ports) => untilKafkaServes(access(ports).kafka, 60_000),
  };
}

const dataFolderIn = (folder: string) => path.join(folder, 'kafka-data');

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
    dataFolder: dataFolderIn(folder),
    controller: `${loopback}:${controller}`,
    client: `${loopback}:${client}`,
    tls: { listener: `${loopback}:${tls}`, keystore, keystorePassword },
  });
  await writeFile(path.join(folder, 'server.properties'), text, { mode: 0o600 });
}
