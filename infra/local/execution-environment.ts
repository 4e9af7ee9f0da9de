import { randomUUID } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { FunctionError } from './function-error.ts';
import type { AwsCall } from './aws-calls.ts';
import type { Invocation, WorkerMessage, WorkerSettings } from './function-worker.ts';

export interface EnvironmentSettings extends Omit<WorkerSettings, 'logStream' | 'isObserved'> {
  /** The whole environment of the thread: nothing of this process's own reaches the function. */
  readonly variables: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly output: (text: string) => void;
  /** Gets each kind of call of AWS that the function makes. */
  readonly onAwsCall?: (call: AwsCall) => void;
}

/** Lambda gives the code outside the handler 10 s; a busy laptop may take longer than a quiet Lambda does. */
const loadSeconds = 30;

/** Lambda refuses a larger answer. */
const largestAnswerBytes = 6 * 1024 * 1024;

/** Node itself needs about this much before a handler has allocated anything. */
const leastHeapMiB = 64;

interface Waiting {
  resolve(result: string): void;
  reject(error: FunctionError): void;
}

/**
 * One execution environment of a function: a worker thread that loads the code once, keeps what it leaves in
 * memory, and handles one invocation at a time.
 */
export class ExecutionEnvironment {
  readonly codeFolder: string;
  /** When its last invocation ended, in milliseconds since 1970. */
  idleSince = 0;
  readonly #settings: EnvironmentSettings;
  readonly #worker: Worker;
  readonly #ready: Promise<void>;
  #waiting: Waiting | undefined;
  #requestId = '';
  #alive = true;

  constructor(settings: EnvironmentSettings) {
    this.#settings = settings;
    this.codeFolder = settings.codeFolder;
    const { codeFolder, handler, functionName, functionArn, memoryMiB, lead, nameServer, onAwsCall } =
      settings;
    const workerData: WorkerSettings = {
      codeFolder,
      handler,
      functionName,
      functionArn,
      memoryMiB,
      lead,
      nameServer,
      isObserved: onAwsCall !== undefined,
      logStream: `local/[$LATEST]${randomUUID().replaceAll('-', '')}`,
    };
    this.#worker = new Worker(new URL('./function-worker.ts', import.meta.url), {
      workerData,
      env: { ...settings.variables },
      // Its own flags, not those of this process, which may run under a test runner or a debugger.
      execArgv: ['--enable-source-maps'],
      resourceLimits: { maxOldGenerationSizeMb: Math.max(memoryMiB, leastHeapMiB) },
    });
    this.#worker.on('message', (message: WorkerMessage) => this.#receive(message));
    this.#worker.on('error', (error) => this.#fail(errorOfWorker(error)));
    this.#worker.on('exit', (code) => this.#exited(code));
    this.#ready = this.#load();
    // The first invocation awaits it; it may fail before that.
    this.#ready.catch(() => {});
  }

  /** Whether it can take another invocation. */
  get alive(): boolean {
    return this.#alive;
  }

  /**
   * Hands an event to the handler. The time-out counts from when the code has loaded.
   * @returns what the handler answered, as JSON
   * @throws FunctionError
   */
  async invoke(event: string): Promise<string> {
    await this.#ready;
    const { timeoutSeconds } = this.#settings;
    const invocation: Invocation = {
      requestId: randomUUID(),
      event,
      deadline: Date.now() + timeoutSeconds * 1000,
    };
    this.#requestId = invocation.requestId;
    const errorMessage = `${invocation.requestId} Task timed out after ${timeoutSeconds.toFixed(2)} seconds`;
    const result = await this.#within(timeoutSeconds, { errorType: 'Sandbox.Timedout', errorMessage }, () =>
      this.#worker.postMessage(invocation),
    );
    this.idleSince = Date.now();
    if (Buffer.byteLength(result) <= largestAnswerBytes) return result;
    throw new FunctionError({
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: `Response payload size exceeded maximum allowed payload size (${largestAnswerBytes} bytes).`,
    });
  }

  async end(): Promise<void> {
    this.#alive = false;
    await this.#worker.terminate();
  }

  async #load(): Promise<void> {
    const errorMessage = `${this.#settings.functionName} did not load within ${loadSeconds} seconds`;
    try {
      await this.#within(loadSeconds, { errorType: 'Sandbox.Timedout', errorMessage }, () => {});
    } catch (error) {
      this.#alive = false;
      throw error;
    }
  }

  /** The thread's next answer; when time runs out the thread ends, whatever it is doing. */
  async #within(
    seconds: number,
    failure: { errorType: string; errorMessage: string },
    begin: () => void,
  ): Promise<string> {
    const answer = new Promise<string>((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    const timer = setTimeout(() => {
      this.#fail(new FunctionError(failure));
      void this.end();
    }, seconds * 1000);
    try {
      begin();
      return await answer;
    } finally {
      clearTimeout(timer);
      this.#waiting = undefined;
    }
  }

  #receive(message: WorkerMessage): void {
    switch (message.kind) {
      case 'output':
        this.#settings.output(message.text);
        break;
      case 'call':
        this.#settings.onAwsCall?.(message.call);
        break;
      case 'ready':
        this.#waiting?.resolve('');
        break;
      case 'result':
        this.#waiting?.resolve(message.result);
        break;
      case 'failure':
        this.#waiting?.reject(new FunctionError(message.failure));
    }
  }

  #exited(code: number): void {
    const errorMessage = `RequestId: ${this.#requestId} Error: Runtime exited with error: exit status ${code}`;
    this.#fail(new FunctionError({ errorType: 'Runtime.ExitError', errorMessage }));
  }

  #fail(error: FunctionError): void {
    this.#alive = false;
    this.#waiting?.reject(error);
  }
}

/** What ended a thread: an exception or rejection that nobody caught, or its heap being full. */
function errorOfWorker(error: unknown): FunctionError {
  if (!(error instanceof Error)) {
    return new FunctionError({ errorType: 'Runtime.ExitError', errorMessage: String(error) });
  }
  const outOfMemory = (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
  return new FunctionError({
    errorType: outOfMemory ? 'Runtime.OutOfMemory' : 'Runtime.ExitError',
    errorMessage: `${error.name}: ${error.message}`,
    trace: (error.stack ?? '').split('\n'),
  });
}
