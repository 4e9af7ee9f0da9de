import type { StageName, StageSettings } from '../stages.ts';
import { removeAtExit } from './engines/children.ts';
import { type Engines, startEngines } from './engines/engines.ts';
import { createFolder, removeFolder } from './engines/folder.ts';
import type { FunctionClock } from './function-clock.ts';
import { holdPort } from './free-port.ts';
import { type Machine, type MachineOptions, type Plan, planMachine, runMachine } from './machine.ts';
import { synthesizeStage } from './synthesis.ts';

export interface FanoutOptions {
  /** Gets progress and trouble, a line at a time, for a person. */
  readonly say: (line: string) => void;
  /** Gets what functions write, each line with the function's name before it. By default nobody does. */
  readonly log?: (line: string) => void;
  /** Where the HTTP API listens on loopback; without it, or taken, any free port. */
  readonly port?: number;
  /** For tests: engines that start fast rather than serve fast. */
  readonly fast?: boolean;
  /** For tests: functions go by it, and schedules stand still. */
  readonly clock?: FunctionClock;
  /** For tests: the address and port of a name server for names that end in `.test`. */
  readonly nameServer?: string;
  /** For tests: gets each kind of call of AWS that a function, by its name, makes. */
  readonly onAwsCall?: MachineOptions['onAwsCall'];
  /** The name of a stage (`local` without it), or settings of one that is not in infra/stages.ts. */
  readonly stage?: StageName | StageSettings;
  /** For tests: the folder of a cloud assembly that is synthesized already, instead of a stage. */
  readonly assembly?: string;
  /** Values of secrets that somebody else would have made, by ARN. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Engines that run already; they are left running. */
  readonly engines?: Engines;
}

/** Fanout on this machine: the synthesized stacks, running. */
export interface Fanout {
  readonly url: string;
  readonly operatorKey: string;
  /** The topic of the first source, on the stage's own cluster if there is one. */
  readonly ingestTopic: string;
  readonly engines: Engines;
  readonly machine: Machine;
  /** What a shell or script needs to use it, as environment variables. */
  readonly environment: Readonly<Record<string, string>>;
  /** Stops all in order, and the engines if they were started here. */
  stop(): Promise<void>;
}

/**
 * Synthesizes the CDK app and runs what its templates say, on real engines.
 * @throws PlanFindings when the templates say something that cannot run here
 * @throws MissingEngines when this machine has no engines
 */
export async function startFanout(options: FanoutOptions): Promise<Fanout> {
  const folder = await createFolder();
  const keepAtExit = removeAtExit(folder);
  const removeAssembly = async () => {
    await removeFolder(folder);
    keepAtExit();
  };
  try {
    const { engines, plan } = await prepare(folder, options);
    const stopEngines = async () => void (options.engines ?? (await engines.stop()));
    try {
      const api = await holdPort(options.port);
      const { say, log = () => {}, secrets, clock, nameServer, onAwsCall } = options;
      const machine = await runMachine(plan, engines, {
        apiPort: api.port,
        releaseApiPort: api.release,
        say,
        log,
        secrets,
        clock,
        nameServer,
        onAwsCall,
      });
      const stop = once(async () => {
        await machine.stop();
        await stopEngines();
        await removeAssembly();
      });
      return { ...describe(machine, engines), engines, machine, stop };
    } catch (error) {
      await stopEngines();
      throw error;
    }
  } catch (error) {
    await removeAssembly();
    throw error;
  }
}

/** Synthesis and engines side by side. */
async function prepare(folder: string, options: FanoutOptions): Promise<{ engines: Engines; plan: Plan }> {
  const planning = planStage(folder, options);
  if (options.engines) return { engines: options.engines, plan: await planning };
  const starting = startEngines({ say: options.say, fast: options.fast ?? false });
  try {
    const [plan, engines] = await Promise.all([planning, starting]);
    return { plan, engines };
  } catch (error) {
    // Told at once; engines that are still coming up then are stopped when they are there.
    void starting.then((engines) => engines.stop()).catch(() => {});
    throw error;
  }
}

async function planStage(folder: string, { stage = 'local', assembly, say }: FanoutOptions): Promise<Plan> {
  const began = Date.now();
  const plan = planMachine(assembly ?? (await synthesizeStage(stage, folder)));
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  say(
    `Stacks: ${plan.stacks.length} synthesized, ${plan.resources.length} resources to run, in ${seconds} s`,
  );
  return plan;
}

function describe(machine: Machine, { kafka, kafkaTls, dynamodbUrl, sqsUrl }: Engines) {
  const ingestTopic = output(machine, 'IngestTopic');
  const operatorKey = machine.secretValue(output(machine, 'OperatorKeySecretArn'));
  const environment = {
    FANOUT_URL: machine.url,
    FANOUT_API_KEY: operatorKey,
    FANOUT_INGEST_TOPIC: ingestTopic,
    KAFKA_BROKERS: kafka.bootstrapServers,
    KAFKA_USERNAME: kafka.username,
    KAFKA_PASSWORD: kafka.password,
    KAFKA_SASL_MECHANISM: kafka.saslMechanism,
    KAFKA_SECURITY_PROTOCOL: kafka.securityProtocol,
    ...(kafkaTls && { KAFKA_TLS_BROKERS: kafkaTls.bootstrapServers }),
    AWS_ENDPOINT_URL_DYNAMODB: dynamodbUrl,
    AWS_ENDPOINT_URL_SQS: sqsUrl,
  };
  return { url: machine.url, operatorKey, ingestTopic, environment };
}

/** An output of whichever stack has it. */
function output({ outputs }: Machine, name: string): string {
  const value = Object.values(outputs).find((ofStack) => ofStack[name] !== undefined)?.[name];
  if (value === undefined) throw new Error(`No stack has the output ${name}, which the local machine needs.`);
  return value;
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}
