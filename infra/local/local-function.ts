import { ExecutionEnvironment, type EnvironmentSettings } from './execution-environment.ts';
import { FunctionError } from './function-error.ts';

export { FunctionError };

/** A Lambda function that runs on this machine. */
export interface LocalFunction {
  readonly name: string;
  /** The folder whose code new environments load. */
  readonly codeFolder: string;
  /** The whole environment that it finds. */
  readonly variables: Readonly<Record<string, string>>;
  /**
   * @param event anything that JSON can say
   * @returns what the handler answered
   * @throws FunctionError when the handler threw, ran out of time, or its environment ended
   */
  invoke(event: unknown): Promise<unknown>;
  /** New environments load the new code; idle ones end at once, busy ones after their invocation. */
  replaceCode(folder: string): Promise<void>;
  /** Ends every environment at once, whatever it is doing, as a crash would; new ones start when they are needed. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export interface LocalFunctionSettings extends Omit<EnvironmentSettings, 'output'> {
  /** Most invocations at once; more wait in line. */
  readonly concurrency: number;
  /** Gets what the function writes to its output streams, and how invocations fail, line by line. */
  readonly log: (line: string) => void;
  /** How long an environment may be idle before it ends. */
  readonly idleSeconds?: number;
}

/** Lambda keeps idle environments for some minutes too. */
const defaultIdleSeconds = 300;

/** Runs a function: environments start when they are needed and none is idle. */
export function startLocalFunction(settings: LocalFunctionSettings): LocalFunction {
  return new PooledFunction(settings);
}

class PooledFunction implements LocalFunction {
  readonly name: string;
  readonly #settings: LocalFunctionSettings;
  readonly #idleSeconds: number;
  readonly #all = new Set<ExecutionEnvironment>();
  /** The most recently used is last, and is taken first: few environments stay warm instead of many lukewarm. */
  readonly #idle: ExecutionEnvironment[] = [];
  readonly #waiting: ((environment: ExecutionEnvironment | undefined) => void)[] = [];
  readonly #sweep: NodeJS.Timeout;
  #codeFolder: string;
  #stopped = false;

  constructor(settings: LocalFunctionSettings) {
    this.name = settings.functionName;
    this.#settings = settings;
    this.#codeFolder = settings.codeFolder;
    this.#idleSeconds = settings.idleSeconds ?? defaultIdleSeconds;
    this.#sweep = setInterval(() => this.#endIdle(), (this.#idleSeconds * 1000) / 2).unref();
  }

  get codeFolder(): string {
    return this.#codeFolder;
  }

  get variables(): Readonly<Record<string, string>> {
    return this.#settings.variables;
  }

  async invoke(event: unknown): Promise<unknown> {
    const environment = await this.#take();
    try {
      return JSON.parse(await environment.invoke(JSON.stringify(event ?? {})));
    } catch (error) {
      if (error instanceof FunctionError) this.#logFailure(error);
      throw error;
    } finally {
      this.#giveBack(environment);
    }
  }

  async replaceCode(folder: string): Promise<void> {
    this.#codeFolder = folder;
    await Promise.all(this.#idle.splice(0).map((environment) => this.#end(environment)));
  }

  async kill(): Promise<void> {
    this.#idle.length = 0;
    await Promise.all([...this.#all].map((environment) => this.#end(environment)));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#sweep);
    for (const refuse of this.#waiting.splice(0)) refuse(undefined);
    await Promise.all([...this.#all].map((environment) => this.#end(environment)));
  }

  async #take(): Promise<ExecutionEnvironment> {
    const environment = this.#stopped ? undefined : (this.#takeIdle() ?? this.#startEnvironment());
    if (environment) return environment;
    const handedOver = this.#stopped
      ? undefined
      : await new Promise<ExecutionEnvironment | undefined>((resolve) => this.#waiting.push(resolve));
    if (handedOver) return handedOver;
    throw new Error(`Function ${this.name} is stopped.`);
  }

  #takeIdle(): ExecutionEnvironment | undefined {
    let environment = this.#idle.pop();
    // Something it left running may have ended it since its last invocation.
    while (environment && !environment.alive) {
      void this.#end(environment);
      environment = this.#idle.pop();
    }
    return environment;
  }

  /** A new environment, or undefined when there are as many as there may be. */
  #startEnvironment(): ExecutionEnvironment | undefined {
    if (this.#all.size >= this.#settings.concurrency) return undefined;
    const environment = new ExecutionEnvironment({
      ...this.#settings,
      codeFolder: this.#codeFolder,
      output: (text) => this.#log(text),
    });
    this.#all.add(environment);
    return environment;
  }

  #giveBack(environment: ExecutionEnvironment): void {
    if (this.#stopped) return;
    const usable = environment.alive && environment.codeFolder === this.#codeFolder;
    if (!usable) void this.#end(environment);
    const next = this.#waiting.shift();
    if (next) next(usable ? environment : this.#startEnvironment());
    else if (usable) this.#idle.push(environment);
  }

  #endIdle(): void {
    const before = Date.now() - this.#idleSeconds * 1000;
    const stale = this.#idle.filter(({ idleSince }) => idleSince < before);
    for (const environment of stale) {
      this.#idle.splice(this.#idle.indexOf(environment), 1);
      void this.#end(environment);
    }
  }

  async #end(environment: ExecutionEnvironment): Promise<void> {
    this.#all.delete(environment);
    await environment.end();
  }

  #logFailure({ errorType, errorMessage, trace }: FunctionError): void {
    this.#log(`ERROR ${errorType}: ${errorMessage}\n${trace.slice(1).join('\n')}`);
  }

  #log(text: string): void {
    for (const line of text.split('\n')) {
      if (line.trim() !== '') this.#settings.log(`[${this.name}] ${line}`);
    }
  }
}
