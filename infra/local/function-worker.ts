/**
 * The inside of an execution environment: what Lambda's runtime is to a handler, on a worker thread.
 * It runs on a thread of its own with the function's own environment variables; see execution-environment.ts.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { type AwsCall, observeAwsCalls } from './aws-calls.ts';
import { putDatesAhead, type SharedLead } from './function-clock.ts';
import type { FunctionFailure } from './function-error.ts';
import { askForTestNames } from './test-names.ts';

/** What an environment is told when it starts. */
export interface WorkerSettings {
  readonly codeFolder: string;
  /** `file.export`, as in the template. */
  readonly handler: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMiB: number;
  readonly logStream: string;
  /** How far the function's dates are ahead of this machine's; without it, they are not. */
  readonly lead?: SharedLead;
  /** Who tells it the addresses of names that end in `.test`: an address and port. */
  readonly nameServer?: string;
  /** Whether its calls of AWS are told. */
  readonly isObserved: boolean;
}

/** One invocation. The event is a JSON string, which crosses threads faster than a structured clone. */
export interface Invocation {
  readonly requestId: string;
  readonly event: string;
  /** When time runs out, in milliseconds since 1970. */
  readonly deadline: number;
}

export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'output'; readonly text: string }
  | { readonly kind: 'call'; readonly call: AwsCall }
  | { readonly kind: 'result'; readonly result: string }
  | { readonly kind: 'failure'; readonly failure: FunctionFailure };

type Handler = (event: unknown, context: unknown) => unknown;

const port = parentPort!;
const settings = workerData as WorkerSettings;
/** Deadlines are in this machine's time, whatever the function sees. */
const machineNow = Date.now.bind(Date);

function send(message: WorkerMessage): void {
  port.postMessage(message);
}

/** Sends output at once: a thread's own streams need its event loop, which a handler that hangs never gives back. */
function captureOutput(stream: NodeJS.WriteStream): void {
  stream.write = (chunk: string | Uint8Array, encodingOrDone?: unknown, done?: unknown): boolean => {
    send({ kind: 'output', text: typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString() });
    const callback = typeof encodingOrDone === 'function' ? encodingOrDone : done;
    if (typeof callback === 'function') process.nextTick(callback);
    return true;
  };
}

async function loadHandler(): Promise<Handler> {
  const dot = settings.handler.lastIndexOf('.');
  const [file, exportName] = [settings.handler.slice(0, dot), settings.handler.slice(dot + 1)];
  const paths = ['.mjs', '.js', '.cjs'].map((ending) => join(settings.codeFolder, file + ending));
  const path = paths.find((candidate) => existsSync(candidate));
  if (!path) {
    throw named('Runtime.ImportModuleError', `Cannot find module '${file}' in ${settings.codeFolder}`);
  }
  const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  const handler =
    module[exportName] ?? (module['default'] as Record<string, unknown> | undefined)?.[exportName];
  if (typeof handler !== 'function') {
    throw named('Runtime.HandlerNotFound', `${settings.handler} is undefined or not exported`);
  }
  return handler as Handler;
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

function failureOf(error: unknown): FunctionFailure {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error) };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}

function contextOf({ requestId, deadline }: Invocation): object {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: settings.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: settings.functionArn,
    memoryLimitInMB: String(settings.memoryMiB),
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${settings.functionName}`,
    logStreamName: settings.logStream,
    getRemainingTimeInMillis: () => Math.max(0, deadline - machineNow()),
  };
}

async function invoke(handler: Handler, invocation: Invocation): Promise<WorkerMessage> {
  try {
    const result = await handler(JSON.parse(invocation.event), contextOf(invocation));
    return { kind: 'result', result: JSON.stringify(result) ?? 'null' };
  } catch (error) {
    return { kind: 'failure', failure: failureOf(error) };
  }
}

captureOutput(process.stdout);
captureOutput(process.stderr);
if (settings.lead) putDatesAhead(settings.lead);
if (settings.nameServer) askForTestNames(settings.nameServer);
if (settings.isObserved) observeAwsCalls((call) => send({ kind: 'call', call }));
try {
  const handler = await loadHandler();
  port.on('message', (invocation: Invocation) => void invoke(handler, invocation).then(send));
  send({ kind: 'ready' });
} catch (error) {
  send({ kind: 'failure', failure: failureOf(error) });
}
