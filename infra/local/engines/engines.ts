import { dockerAnswers } from './docker.ts';
import { storedClassPaths } from './class-paths.ts';
import { runsDynamodb } from './dynamodb-program.ts';
import { listed, MissingEngines } from './engine.ts';
import type {
  EngineName,
  EngineOptions,
  EngineOrigin,
  EngineProcess,
  KafkaAccess,
  Wanted,
} from './engine.ts';
import { givenEngines } from './given.ts';
import type { GivenEngines } from './given.ts';
import { prepareJavaEngines, startJavaEngines } from './java.ts';
import type { StartedEngines } from './java.ts';
import { describeJavaTools, findJavaTools, oldestJava } from './java-tools.ts';

export { MissingEngines };
export type { EngineOptions, EngineProcess, KafkaAccess };

/** The engines that the local machine runs on: all real, none of our own making. */
export interface Engines {
  origin: Record<EngineName, EngineOrigin>;
  /** An administrator's access on the SASL_PLAINTEXT listener, or what was given. */
  kafka: KafkaAccess;
  /** The same broker's TLS listener, where there is one: `java` has it. */
  kafkaTls?: KafkaAccess;
  dynamodbUrl: string;
  sqsUrl: string;
  /** Only those that run as processes of ours (`java`): tests freeze and kill them. */
  processes: EngineProcess[];
  /** Ends every engine that was started and removes its files. Can be called again. */
  stop(): Promise<void>;
}

const titles: Record<EngineName, string> = { kafka: 'Kafka', dynamodb: 'DynamoDB Local', sqs: 'ElasticMQ' };
const variables: Record<EngineName, string> = {
  kafka: 'KAFKA_BROKERS',
  dynamodb: 'AWS_ENDPOINT_URL_DYNAMODB',
  sqs: 'AWS_ENDPOINT_URL_SQS',
};
const names: readonly EngineName[] = ['kafka', 'dynamodb', 'sqs'];

/**
 * Takes the engines that the environment gives, and starts the others: as containers where a Docker engine answers,
 * else as Java programs that Maven fetches. Engines of ours end with this process, also when it is killed (Linux).
 * Call it on the main thread.
 * @throws MissingEngines when there is neither, with what would do
 * @throws Error when a given value cannot be right, or an engine does not start
 */
export async function startEngines(options: EngineOptions): Promise<Engines> {
  const given = givenEngines(process.env);
  const wanted = wantedBeside(given);
  const from = wanted.size > 0 ? await chooseOrigin(wanted) : 'given';
  const began = Date.now();
  const started = await start(from, wanted, options);
  if (wanted.size > 0)
    options.say(`${titlesOf(wanted)}: up in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  const engines = { ...started, ...given };
  return {
    ...engines,
    origin: Object.fromEntries(
      names.map((name) => [name, wanted.has(name) ? from : 'given']),
    ) as Engines['origin'],
    kafka: present(engines.kafka),
    dynamodbUrl: present(engines.dynamodbUrl),
    sqsUrl: present(engines.sqsUrl),
  };
}

/**
 * Fetches and makes what engines start from, where it is not there yet: starts side by side would each do it.
 * @throws MissingEngines as `startEngines` does
 */
export async function prepareEngines(say: (line: string) => void): Promise<void> {
  const wanted = wantedBeside(givenEngines(process.env));
  if (wanted.size > 0 && (await chooseOrigin(wanted)) === 'java') await prepareJavaEngines(say);
}

function wantedBeside(given: GivenEngines): Wanted {
  const there = { kafka: given.kafka, dynamodb: given.dynamodbUrl, sqs: given.sqsUrl };
  return new Set(names.filter((name) => there[name] === undefined));
}

async function start(from: EngineOrigin, wanted: Wanted, options: EngineOptions): Promise<StartedEngines> {
  if (from === 'given') return { processes: [], stop: async () => undefined };
  options.say(`${titlesOf(wanted)} start as ${from === 'java' ? 'Java programs' : 'containers'} …`);
  if (from === 'java') return startJavaEngines(wanted, options);
  // Loading testcontainers takes longer than starting some engines.
  const { startContainers } = await import('./containers.ts');
  return startContainers(wanted, options);
}

async function chooseOrigin(wanted: Wanted): Promise<'container' | 'java'> {
  if (await dockerAnswers(process.env)) return 'container';
  const tools = await findJavaTools(process.env);
  const hasJava = tools.java !== undefined && tools.java >= oldestJava;
  const hasFiles = tools.maven || (await storedClassPaths()) !== undefined;
  const hasLibrary = runsDynamodb || !wanted.has('dynamodb');
  if (hasJava && hasFiles && hasLibrary) return 'java';
  const machine = hasLibrary ? '' : `; on ${process.platform} ${process.arch} DynamoDB Local needs Docker`;
  const which = names.filter((name) => wanted.has(name)).map((name) => variables[name]);
  const how = which.length === 3 ? 'all three by ' : which.length === 2 ? 'both by ' : '';
  throw new MissingEngines(
    `Fanout's local engines need either a running Docker engine or Java ${oldestJava} with Maven on the PATH ` +
      `(found: ${describeJavaTools(tools)}, no Docker engine${machine}); or give ${how}${listed(which)}.`,
  );
}

function titlesOf(wanted: Wanted): string {
  return listed(names.filter((name) => wanted.has(name)).map((name) => titles[name]));
}

function present<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('An engine that was wanted was not started');
  return value;
}
