import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import kafkajs, { type Admin } from 'kafkajs';
import type { AwsCall } from './aws-calls.ts';
import { readCloudAssembly, type StackTemplate } from './cloud-assembly.ts';
import type { Engines } from './engines/engines.ts';
import { kafkaClientOptions } from './engines/kafka-client.ts';
import type { FunctionClock } from './function-clock.ts';
import { FunctionRegistry } from './function-registry.ts';
import type { LocalFunction } from './local-function.ts';
import { type Planned, planStacks } from './planning.ts';
import {
  type PlannedResource,
  startOrder,
  type Stoppable,
  stopOrder,
  type Workshop,
} from './resource-kind.ts';
import { resourceKinds } from './resource-kinds.ts';
import { secretName, Secrets, startSecretsEndpoint } from './secrets-endpoint.ts';
import { localOperator } from '../source-settings.ts';
import { localSecret } from './source-secrets.ts';

/** What a cloud assembly asks of this machine, checked. */
export interface Plan extends Pick<Planned, 'resources' | 'outputs'> {
  readonly stacks: readonly StackTemplate[];
}

export interface MachineOptions {
  /** Where the HTTP API listens on loopback; it must be free. */
  readonly apiPort: number;
  /** Called just before the HTTP API listens, where the port was held until then. */
  readonly releaseApiPort?: () => Promise<void>;
  /** Values of secrets that the templates name but do not make, by ARN. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** For tests: functions go by it, and schedules stand still, for what they run a test can invoke when it wants. */
  readonly clock?: FunctionClock;
  /** For tests: the address and port of a name server for names that end in `.test`. */
  readonly nameServer?: string;
  /** For tests: gets each kind of call of AWS that a function, by its name, makes. */
  readonly onAwsCall?: (functionName: string, call: AwsCall) => void;
  /** Gets lines for a person. */
  readonly say: (line: string) => void;
  /** Gets what functions write, each line with the function's name before it. */
  readonly log: (line: string) => void;
}

/** A running cloud assembly. */
export interface Machine {
  readonly url: string;
  /** The outputs of the templates, by stack. */
  readonly outputs: Planned['outputs'];
  /** The templates that it runs. */
  readonly stacks: readonly StackTemplate[];
  readonly functions: readonly LocalFunction[];
  /** @throws Error when the templates have no such secret */
  secretValue(arnOrName: string): string;
  /** Pollers finish their batches, then the API, the schedules and the functions stop. */
  stop(): Promise<void>;
}

/** The templates say something that this machine can neither run nor leave out. Nothing was created. */
export class PlanFindings extends Error {
  readonly findings: readonly string[];

  constructor(findings: readonly string[]) {
    super(
      `The templates cannot run on this machine:\n${findings.map((finding) => `  ${finding}`).join('\n')}`,
    );
    this.name = 'PlanFindings';
    this.findings = findings;
  }
}

/** Stands for the addresses that only a running machine has. */
const unknownAddresses = { sqsUrl: 'http://sqs.invalid', apiUrl: 'http://api.invalid' };

/**
 * Reads a cloud assembly and checks every resource type, property and value in it.
 * @throws PlanFindings with every finding of every stack
 */
export function planMachine(assemblyFolder: string): Plan {
  const stacks = readCloudAssembly(assemblyFolder);
  const { resources, outputs, findings } = planStacks(stacks, unknownAddresses);
  if (findings.length > 0) throw new PlanFindings(findings);
  return { stacks, resources, outputs };
}

/**
 * Creates the resources of a plan, each after those it needs, then starts the HTTP API, schedules and pollers.
 * @throws Error of the first resource that could not be created; what was started by then is stopped
 */
export async function runMachine(plan: Plan, engines: Engines, options: MachineOptions): Promise<Machine> {
  const url = `http://127.0.0.1:${options.apiPort}`;
  const { resources, outputs } = planStacks(plan.stacks, { sqsUrl: engines.sqsUrl, apiUrl: url });
  const secrets = new Secrets();
  for (const [arn, value] of Object.entries(options.secrets ?? {}))
    secrets.set({ arn, name: secretName(arn), value });
  const operator = localOperator.secretArn;
  secrets.set({ arn: operator, name: secretName(operator), value: localSecret(engines.kafka) });
  const functions = new FunctionRegistry();
  const endpoint = await startSecretsEndpoint(secrets);
  const clients = connect(engines);
  const workshop: Workshop = {
    ...clients,
    engines,
    apiPort: options.apiPort,
    releaseApiPort: options.releaseApiPort,
    secrets,
    functions,
    clock: options.clock,
    nameServer: options.nameServer,
    onAwsCall: options.onAwsCall,
    endpointVariables: {
      AWS_ENDPOINT_URL_DYNAMODB: engines.dynamodbUrl,
      AWS_ENDPOINT_URL_SQS: engines.sqsUrl,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint.url,
    },
    resources: (type) => resources.filter((resource) => resource.type === type),
    say: options.say,
    log: options.log,
  };
  const running = new Map<string, Stoppable[]>(stopOrder.map((step) => [step, []]));
  const stop = once(async () => {
    for (const step of stopOrder) await Promise.all(running.get(step)!.map((started) => started.stop()));
    await Promise.all(functions.all().map((localFunction) => localFunction.stop()));
    await endpoint.stop();
  });
  try {
    await createAll(resources, workshop);
    for (const step of startOrder) {
      const ofThisStep = resources.filter(({ type }) => resourceKinds[type]?.startsAs === step);
      await Promise.all(ofThisStep.map((resource) => startResource(resource, workshop, running.get(step)!)));
    }
  } catch (error) {
    await stop();
    throw error;
  } finally {
    await clients.disconnect();
  }
  return {
    url,
    outputs,
    stacks: plan.stacks,
    functions: functions.all(),
    secretValue: (arnOrName) => secrets.value(arnOrName),
    stop,
  };
}

/** Creates each resource as soon as those that it depends on exist. */
async function createAll(resources: readonly PlannedResource[], workshop: Workshop): Promise<void> {
  const byKey = new Map(resources.map((resource) => [`${resource.stack}/${resource.logicalId}`, resource]));
  const created = new Map<PlannedResource, Promise<void>>();
  const create = (resource: PlannedResource): Promise<void> => {
    let creation = created.get(resource);
    if (!creation) {
      const needed = resource.dependsOn.map((key) => byKey.get(key)).filter((other) => other !== undefined);
      creation = Promise.all(needed.map(create)).then(() =>
        named(resource, () => resourceKinds[resource.type]?.create?.(resource, workshop)),
      );
      created.set(resource, creation);
    }
    return creation;
  };
  await allOrFirstError(resources.map(create));
}

async function startResource(
  resource: PlannedResource,
  workshop: Workshop,
  running: Stoppable[],
): Promise<void> {
  const started = await named(resource, () => resourceKinds[resource.type]?.start?.(resource, workshop));
  if (started) running.push(started);
}

/** Says in the error which resource it was. */
async function named<Result>(
  resource: PlannedResource,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${resource.stack}/${resource.logicalId} (${resource.type}): ${reason}`, {
      cause: error,
    });
  }
}

/** Waits for all, so that nothing is still being made when the error is told. */
async function allOrFirstError(work: Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

interface Clients extends Pick<Workshop, 'dynamodb' | 'sqs' | 'kafkaAdmin'> {
  disconnect(): Promise<void>;
}

/** Clients for making resources; the running functions have their own. */
function connect(engines: Engines): Clients {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const dynamodb = new DynamoDBClient({ endpoint: engines.dynamodbUrl, region: 'local', credentials });
  const sqs = new SQSClient({ endpoint: engines.sqsUrl, region: 'local', credentials });
  let admin: Promise<Admin> | undefined;
  const kafkaAdmin = () => (admin ??= connectAdmin(engines));
  const disconnect = async () => {
    dynamodb.destroy();
    sqs.destroy();
    await (await admin)?.disconnect();
  };
  return { dynamodb, sqs, kafkaAdmin, disconnect };
}

async function connectAdmin({ kafka }: Engines): Promise<Admin> {
  const admin = new kafkajs.Kafka(kafkaClientOptions(kafka)).admin();
  await admin.connect();
  return admin;
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}
