import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { delimiter, join } from 'node:path';
import { Connection, createTopicsV5, metadataV7 } from '@platformatic/kafka';
import { afterAll, beforeAll } from 'vitest';
import { fetchClassPaths, mavenFolder, storedClassPaths } from '../../infra/local/engines/class-paths.ts';
import type { EngineProcess, KafkaAccess } from '../../infra/local/engines/engine.ts';
import { createFolder, removeFolder } from '../../infra/local/engines/folder.ts';
import { type JavaEngine, fastStart, startJavaProgram } from '../../infra/local/engines/java-program.ts';
import { findJavaTools } from '../../infra/local/engines/java-tools.ts';
import { newClusterId } from '../../infra/local/engines/kafka-storage.ts';
import { runJava } from '../../infra/local/engines/run-java.ts';
import { freePort } from '../../infra/local/free-port.ts';
import { asAdministrator } from './kafka-topics.ts';

/** Kafka as several Java programs on this machine. */
export interface KafkaCluster {
  /** All of its brokers, by PLAIN. */
  readonly access: KafkaAccess;
  /** Its brokers; the number of one is its place here, from 1 on. The first is the controller. */
  readonly brokers: readonly EngineProcess[];
}

export interface ClusterSettings {
  readonly brokers: number;
  /** The host that clients are told to connect to, where it is not the one that brokers listen on. */
  readonly advertisedHost?: string;
}

const loopback = '127.0.0.1';
const user = { username: 'admin', password: 'admin-of-the-cluster' };

/** @returns what gives the cluster while tests run; undefined on a machine without Java */
export function useKafkaCluster(settings: ClusterSettings): () => KafkaCluster | undefined {
  let folder: string | undefined;
  let engines: JavaEngine[] = [];
  let cluster: KafkaCluster | undefined;
  beforeAll(async () => {
    const { java, maven } = await findJavaTools(process.env);
    folder = await createFolder();
    const stored = await storedClassPaths();
    if (java === undefined || !(stored || maven)) return;
    const jars = (stored ?? (await fetchClassPaths(folder, () => {}))).kafka;
    const started = await startNodes(folder, jars, settings);
    engines = started.engines;
    cluster = { access: started.access, brokers: engines };
  }, 180_000);
  afterAll(async () => {
    await Promise.all(engines.map((engine) => engine.stop()));
    if (folder) await removeFolder(folder);
  });
  return () => cluster;
}

/**
 * Makes a topic over a broker's own address, whatever address it advertises.
 * @returns its name, once it has a leader
 */
export async function createTopicAt({ bootstrapServers, username, password }: KafkaAccess): Promise<string> {
  const name = `target-${randomUUID()}`;
  const [host, port] = bootstrapServers.split(':') as [string, string];
  const connection = new Connection('test', { sasl: { mechanism: 'PLAIN', username, password } });
  await connection.connect(host, Number(port));
  const wanted = [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }];
  // Until the broker is let into its cluster, there is none that could have it.
  const isMade = async () => {
    const isLed = await metadataV7.api.async(connection, [name], false).then(
      ({ topics }) => (topics[0]?.partitions[0]?.leaderId ?? -1) >= 0,
      () => false,
    );
    if (!isLed) await createTopicsV5.api.async(connection, wanted, 5_000, false).catch(() => {});
    return isLed;
  };
  while (!(await isMade())) await wait(50);
  await connection.close();
  return name;
}

async function startNodes(folder: string, jars: readonly string[], settings: ClusterSettings) {
  const log = `-Dlog4j2.configurationFile=${join(mavenFolder, 'kafka', 'log4j2.xml')}`;
  const options = [...fastStart, '-Xmx256m', log];
  const clusterId = newClusterId();
  const controller = await freePort();
  const ids = Array.from({ length: settings.brokers }, (_, at) => at + 1);
  const ports = new Map<number, number>();
  for (const id of ids) ports.set(id, await freePort());
  const started = await Promise.allSettled(
    ids.map(async (id) => {
      const own = join(folder, `node-${id}`);
      await mkdir(join(own, 'tmp'), { recursive: true });
      const file = join(own, 'server.properties');
      await writeFile(file, properties(id, own, ports.get(id)!, controller, settings));
      const role = id === 1 ? '--standalone' : '--no-initial-controllers';
      const format = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', file, role];
      await runJava(own, "Kafka's format tool", [...options, '-cp', jars.join(delimiter), ...format]);
      return startJavaProgram(
        {
          name: 'kafka',
          title: `Kafka ${id}`,
          folder: own,
          files: jars,
          command: () => Promise.resolve([...options, 'kafka.Kafka', file]),
          ports: (log) => (log.includes('Kafka Server started') ? [ports.get(id)!] : undefined),
        },
        () => {},
      );
    }),
  );
  const engines = started.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  const failed = started.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') {
    await Promise.all(engines.map((engine) => engine.stop()));
    throw failed.reason;
  }
  const bootstrapServers = ids.map((id) => `${loopback}:${ports.get(id)}`).join();
  const access: KafkaAccess = {
    bootstrapServers,
    ...user,
    saslMechanism: 'PLAIN',
    securityProtocol: 'SASL_PLAINTEXT',
  };
  await untilAllServe(access, settings);
  return { engines, access };
}

/** A broker that has started is let into the cluster a moment later. */
async function untilAllServe(access: KafkaAccess, { brokers, advertisedHost }: ClusterSettings) {
  if (advertisedHost) return;
  const serving = () => asAdministrator(access, async (admin) => (await admin.describeCluster()).brokers);
  while ((await serving()).length < brokers) await wait(50);
}

function properties(
  id: number,
  folder: string,
  port: number,
  controller: number,
  { brokers, advertisedHost = loopback }: ClusterSettings,
): string {
  const listeners = [
    `CLIENT://${loopback}:${port}`,
    ...(id === 1 ? [`CONTROLLER://${loopback}:${controller}`] : []),
  ];
  const { username, password } = user;
  return Object.entries({
    'process.roles': id === 1 ? 'broker,controller' : 'broker',
    'node.id': id,
    'controller.quorum.bootstrap.servers': `${loopback}:${controller}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'CLIENT',
    listeners: listeners.join(),
    'advertised.listeners': `CLIENT://${advertisedHost}:${port}`,
    'listener.security.protocol.map': 'CLIENT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
    'sasl.enabled.mechanisms': 'PLAIN',
    'sasl.mechanism.inter.broker.protocol': 'PLAIN',
    'listener.name.client.plain.sasl.jaas.config':
      'org.apache.kafka.common.security.plain.PlainLoginModule required ' +
      `username="${username}" password="${password}" user_${username}="${password}";`,
    'log.dirs': join(folder, 'data'),
    'auto.create.topics.enable': false,
    'offsets.topic.num.partitions': 1,
    'offsets.topic.replication.factor': brokers,
    'group.initial.rebalance.delay.ms': 0,
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 1_000,
    'replica.lag.time.max.ms': 2_000,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
