import { GenericContainer, Wait } from 'testcontainers';
import type { StartedTestContainer } from 'testcontainers';
import { elasticmqConfiguration } from './elasticmq-program.ts';
import type { EngineOptions, KafkaAccess, Wanted } from './engine.ts';
import type { StartedEngines } from './java.ts';
import { untilKafkaServes } from './kafka-client.ts';
import { newClusterId, newPassword } from './kafka-storage.ts';
import { administrator, kafkaProperties } from './kafka-properties.ts';

const images = {
  kafka: 'apache/kafka:4.3.1',
  dynamodb: 'amazon/dynamodb-local:latest',
  sqs: 'softwaremill/elasticmq-native:1.7.1',
};

const startTimeoutMs = 60_000;

/**
 * Starts the wanted engines as containers, side by side. Testcontainers' own helper removes them if this process dies.
 * @throws Error when one of them does not start; then none is left running
 */
export async function startContainers(wanted: Wanted, options: EngineOptions): Promise<StartedEngines> {
  const running: StartedTestContainer[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= endAll(running));
  const kept = async (container: GenericContainer): Promise<StartedTestContainer> => {
    const started = await container.withStartupTimeout(startTimeoutMs).start();
    running.push(started);
    return started;
  };
  options.say('Docker fetches the engines that it does not have yet …');
  const [kafka, dynamodb, sqs] = await Promise.allSettled([
    wanted.has('kafka') ? startKafka(kept) : undefined,
    wanted.has('dynamodb') ? startDynamodb(kept) : undefined,
    wanted.has('sqs') ? startSqs(kept) : undefined,
  ]);
  for (const settled of [kafka, dynamodb, sqs]) {
    if (settled.status === 'fulfilled') continue;
    await stop();
    const why = settled.reason instanceof Error ? settled.reason.message : String(settled.reason);
    throw new Error(`Docker answers, but an engine did not start in it: ${why}`, { cause: settled.reason });
  }
  return {
    ...(kafka.status === 'fulfilled' && kafka.value && { kafka: kafka.value }),
    ...(dynamodb.status === 'fulfilled' && dynamodb.value && { dynamodbUrl: dynamodb.value }),
    ...(sqs.status === 'fulfilled' && sqs.value && { sqsUrl: sqs.value }),
    processes: [],
    stop,
  };
}

type Keep = (container: GenericContainer) => Promise<StartedTestContainer>;

const kafkaPort = 9092;
const kafkaFolder = '/tmp/fanout';

/** The address that Kafka tells its clients holds the port that Docker picks, so the broker starts once that is known. */
async function startKafka(keep: Keep): Promise<KafkaAccess> {
  const waiting = 'Fanout waits for its start script';
  const container = await keep(
    new GenericContainer(images.kafka)
      .withExposedPorts(kafkaPort)
      .withEnvironment({ KAFKA_HEAP_OPTS: '-Xmx512m' })
      .withEntrypoint(['sh', '-c'])
      .withCommand([
        `echo "${waiting}"; until [ -f ${kafkaFolder}/start.sh ]; do sleep 0.1; done; exec sh ${kafkaFolder}/start.sh`,
      ])
      .withWaitStrategy(Wait.forLogMessage(waiting)),
  );
  const access: KafkaAccess = {
    bootstrapServers: `${container.getHost()}:${container.getMappedPort(kafkaPort)}`,
    username: administrator,
    password: newPassword(),
    saslMechanism: 'SCRAM-SHA-512',
    securityProtocol: 'SASL_PLAINTEXT',
  };
  const properties = kafkaProperties({
    password: access.password,
    dataFolder: '/tmp/kafka-data',
    client: `0.0.0.0:${kafkaPort}`,
    controller: '127.0.0.1:9093',
    advertised: access.bootstrapServers,
  });
  // The script last and on its own: the container starts it as soon as it is there.
  await container.copyContentToContainer([
    { content: properties, target: `${kafkaFolder}/server.properties` },
  ]);
  await container.copyContentToContainer([
    { content: kafkaScript(access.password), target: `${kafkaFolder}/start.sh` },
  ]);
  await untilKafkaServes(access, startTimeoutMs);
  return access;
}

function kafkaScript(password: string): string {
  const user = `[name=${administrator},password=${password}]`;
  const credentials = `--add-scram 'SCRAM-SHA-512=${user}' --add-scram 'SCRAM-SHA-256=${user}'`;
  const properties = `${kafkaFolder}/server.properties`;
  return `set -e
cd /opt/kafka/bin
./kafka-storage.sh format -t ${newClusterId()} -c ${properties} --standalone ${credentials} > /dev/null
exec ./kafka-server-start.sh ${properties}
`;
}

async function startDynamodb(keep: Keep): Promise<string> {
  const port = 8000;
  const container = await keep(
    new GenericContainer(images.dynamodb)
      .withExposedPorts(port)
      .withCommand(['-jar', 'DynamoDBLocal.jar', '-inMemory', '-sharedDb', '-disableTelemetry'])
      // A request without a signature is refused, and so it serves.
      .withWaitStrategy(Wait.forHttp('/', port).forStatusCode(400)),
  );
  return `http://${container.getHost()}:${container.getMappedPort(port)}`;
}

async function startSqs(keep: Keep): Promise<string> {
  const port = 9324;
  const container = await keep(
    new GenericContainer(images.sqs)
      .withExposedPorts(port)
      .withCopyContentToContainer([
        { content: elasticmqConfiguration('0.0.0.0', port), target: '/opt/elasticmq.conf' },
      ])
      // Not by its ports: looking at them from inside takes a shell, and the native image need not have one.
      .withWaitStrategy(Wait.forLogMessage(/ElasticMQ server .* started/)),
  );
  return `http://${container.getHost()}:${container.getMappedPort(port)}`;
}

async function endAll(containers: readonly StartedTestContainer[]): Promise<void> {
  await Promise.all(containers.map((container) => container.stop({ timeout: 0 })));
}
