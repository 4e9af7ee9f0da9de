import { removeAtExit } from './children.ts';
import { fetchClassPaths, storedClassPaths } from './class-paths.ts';
import type { ClassPaths } from './class-paths.ts';
import { dynamodbProgram } from './dynamodb-program.ts';
import { elasticmqProgram } from './elasticmq-program.ts';
import type { EngineOptions, EngineProcess, KafkaAccess, Wanted } from './engine.ts';
import { createFolder, removeFolder, removeStaleFolders } from './folder.ts';
import { prepareJavaProgram, startJavaProgram } from './java-program.ts';
import type { JavaEngine, JavaProgram } from './java-program.ts';
import { kafkaProgram } from './kafka-program.ts';

/** Engines that run, of those that were wanted. */
export interface StartedEngines {
  kafka?: KafkaAccess;
  kafkaTls?: KafkaAccess;
  dynamodbUrl?: string;
  sqsUrl?: string;
  processes: EngineProcess[];
  /** Ends all of them and leaves nothing behind. Can be called again. */
  stop(): Promise<void>;
}

/**
 * Starts the wanted engines as Java programs on the loopback address, side by side.
 * @throws Error when one of them does not start; then none is left running
 */
export async function startJavaEngines(wanted: Wanted, options: EngineOptions): Promise<StartedEngines> {
  await removeStaleFolders();
  const folder = await createFolder();
  const keepFolder = removeAtExit(folder);
  const running: JavaEngine[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= endAll(running, folder).then(() => void keepFolder()));
  try {
    const classPaths =
      (await storedClassPaths()) ?? (await fetchClassPaths(folder, (line) => options.say(line)));
    return { ...(await startAll(wanted, folder, classPaths, running, options)), processes: running, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Makes what starts begin from, where it is not there yet: Maven fetches, and each engine that gains by it runs once. */
export async function prepareJavaEngines(say: (line: string) => void): Promise<void> {
  await removeStaleFolders();
  const folder = await createFolder();
  const keepFolder = removeAtExit(folder);
  try {
    const classPaths = (await storedClassPaths()) ?? (await fetchClassPaths(folder, say));
    const programs = [
      await kafkaProgram(folder, classPaths.kafka),
      elasticmqProgram(folder, classPaths.elasticmq),
    ];
    await Promise.all(programs.map((program) => prepareJavaProgram(program, say)));
  } finally {
    await removeFolder(folder);
    keepFolder();
  }
}

async function startAll(
  wanted: Wanted,
  folder: string,
  classPaths: ClassPaths,
  running: JavaEngine[],
  options: EngineOptions,
): Promise<Omit<StartedEngines, 'processes' | 'stop'>> {
  const start = async (program: JavaProgram): Promise<JavaEngine> => {
    const engine = await startJavaProgram(program, (line) => options.say(line));
    running.push(engine);
    return engine;
  };
  const startKafka = async (): Promise<{ kafka: KafkaAccess; kafkaTls: KafkaAccess }> => {
    const program = await kafkaProgram(folder, classPaths.kafka);
    return program.access((await start(program)).ports);
  };
  const startAt = async (program: JavaProgram): Promise<string> =>
    `http://127.0.0.1:${(await start(program)).ports[0] ?? 0}`;
  const startDynamodb = async (): Promise<{ dynamodbUrl: string }> => ({
    dynamodbUrl: await startAt(dynamodbProgram(folder, classPaths.dynamodb, options.fast ?? false)),
  });
  const startSqs = async (): Promise<{ sqsUrl: string }> => ({
    sqsUrl: await startAt(elasticmqProgram(folder, classPaths.elasticmq)),
  });
  // All settle before anything is decided: an engine that comes up after another failed must be stopped too.
  const [kafka, dynamodb, sqs] = await Promise.allSettled([
    wanted.has('kafka') ? startKafka() : {},
    wanted.has('dynamodb') ? startDynamodb() : {},
    wanted.has('sqs') ? startSqs() : {},
  ]);
  return { ...valueOf(kafka), ...valueOf(dynamodb), ...valueOf(sqs) };
}

function valueOf<Value>(settled: PromiseSettledResult<Value>): Value {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}

async function endAll(engines: readonly JavaEngine[], folder: string): Promise<void> {
  await Promise.all(engines.map((engine) => engine.stop()));
  await removeFolder(folder);
}
