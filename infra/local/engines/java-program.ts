import type { ChildProcess } from 'node:child_process';
import { open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ended, endNow, spawnFollowing } from './children.ts';
import { archiveClasses, archivedClasses } from './class-archive.ts';
import type { EngineName, EngineProcess } from './engine.ts';

/** The flags with which a Java program starts fastest. */
export const fastStart = ['-XX:TieredStopAtLevel=1'];

/** What every Java program of ours gets: small, and nothing written outside its own folder. */
const always = ['-XX:+UseSerialGC', '-Xshare:auto', '-XX:-UsePerfData', '-Djava.awt.headless=true'];

const startTimeoutMs = 60_000;

/** An engine as a Java program: how to start it, and how its log tells the ports that it listens on. */
export interface JavaProgram {
  name: EngineName;
  /** What a person calls it. */
  title: string;
  /** Holds its files; also where it runs. */
  folder: string;
  /** Of these, jars are its class path. */
  files: readonly string[];
  /**
   * Options, main class and arguments.
   * @param ports those of the run before, in the order of `ports()`; none at the first start: any free ones
   */
  command(ports: readonly number[]): Promise<string[]>;
  /** The ports, once the log says that it is up. */
  ports(log: string): number[] | undefined;
  /** Waits, beyond what the log says, until it really serves. */
  serves?(ports: readonly number[]): Promise<void>;
}

/** A running Java program. */
export interface JavaEngine extends EngineProcess {
  ports: readonly number[];
  /** Ends it for good: it cannot be restarted any more. */
  stop(): Promise<void>;
}

/** A file with arguments for `java @file`: no length limit, and no secret in the list of processes. */
export async function writeArguments(file: string, args: readonly string[]): Promise<string> {
  const quoted = args.map((argument) => `"${argument.replaceAll(/[\\"]/g, String.raw`\$&`)}"`);
  await writeFile(file, quoted.join('\n'), { mode: 0o600 });
  return `@${file}`;
}

/** The options that every Java program in `folder` gets, before its own. */
export function javaOptions(folder: string): string[] {
  return [
    ...always,
    `-Djava.io.tmpdir=${path.join(folder, 'tmp')}`,
    `-XX:ErrorFile=${path.join(folder, 'java-error.log')}`,
  ];
}

/**
 * Starts a program and waits until it serves.
 * @throws Error with the end of its log when it ends while starting, or is not up after a minute
 */
export async function startJavaProgram(
  program: JavaProgram,
  say: (line: string) => void,
): Promise<JavaEngine> {
  let run = await startRun(program, [], 1);
  let runs = 1;
  let stopped = false;
  const ports = run.ports;
  const watch = (): void => void reportEnd(program, run, say);
  watch();
  const kill = async (): Promise<void> => {
    run.wanted = false;
    await endNow(run.child);
  };
  return {
    name: program.name,
    ports,
    get pid() {
      return run.child.pid ?? 0;
    },
    kill,
    async restart() {
      await kill();
      if (stopped) throw new Error(`${program.title} was stopped and cannot be started again`);
      run = await startRun(program, ports, (runs += 1));
      if (stopped) await kill();
      watch();
    },
    async stop() {
      stopped = true;
      await kill();
    },
  };
}

/** Has later starts of the program begin with its classes as this one, which is ended again, has loaded them. */
export async function prepareJavaProgram(program: JavaProgram, say: (line: string) => void): Promise<void> {
  await archiveClasses(classPathOf(program), async (option) => {
    say(`${program.title} runs once, so that later starts are quicker …`);
    const { child } = await startRun(program, [], 0, [option]);
    child.ref();
    child.kill('SIGTERM');
    await Promise.race([ended(child), sleep(startTimeoutMs, undefined, { ref: false })]);
    await endNow(child);
  });
}

interface Run {
  child: ChildProcess;
  ports: readonly number[];
  logFile: string;
  /** False once we have ended it ourselves. */
  wanted: boolean;
}

async function startRun(
  program: JavaProgram,
  before: readonly number[],
  number: number,
  classes?: readonly string[],
): Promise<Run> {
  const classPath = classPathOf(program);
  const command = [
    ...javaOptions(program.folder),
    ...(classes ?? (await archivedClasses(classPath))),
    '-cp',
    classPath,
    ...(await program.command(before)),
  ];
  const args = await writeArguments(path.join(program.folder, `${program.name}.arguments`), command);
  // A log file, not a pipe: a program that talks is never held back by a Node process that is busy or frozen.
  const logFile = path.join(program.folder, `${program.name}-${number}.log`);
  const log = await open(logFile, 'w', 0o600);
  const child = spawnFollowing('java', [args], { cwd: program.folder, stdio: ['ignore', log.fd, log.fd] });
  const end = ended(child);
  await log.close();
  child.unref(); // Running engines do not keep a program alive that has nothing else to do: it exits, and they end.
  try {
    const found = await untilListening(program, logFile, end);
    // The order of the log's lines is known only where free ports were asked for.
    const ports = before.length > 0 ? before : found;
    await Promise.race([program.serves?.(ports), endsEarly(program, logFile, end)]);
    return { child, ports, logFile, wanted: true };
  } catch (error) {
    await endNow(child);
    throw error;
  }
}

function classPathOf({ files }: JavaProgram): string {
  return files.filter((file) => file.endsWith('.jar')).join(path.delimiter);
}

async function untilListening(
  program: JavaProgram,
  logFile: string,
  end: Promise<string>,
): Promise<number[]> {
  let how: string | undefined;
  void end.then((said) => (how = said));
  const deadline = Date.now() + startTimeoutMs;
  for (;;) {
    const ports = program.ports(await readFile(logFile, 'utf8'));
    if (ports) return ports;
    if (how !== undefined) return endsEarly(program, logFile, end);
    if (Date.now() > deadline) {
      throw new Error(
        `${program.title} was not up after ${startTimeoutMs / 1000} s. ${await endOfLog(logFile)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function endsEarly(program: JavaProgram, logFile: string, end: Promise<string>): Promise<never> {
  const how = await end;
  throw new Error(`${program.title} ended while starting (${how}). ${await endOfLog(logFile)}`);
}

async function reportEnd(program: JavaProgram, run: Run, say: (line: string) => void): Promise<void> {
  const how = await ended(run.child);
  if (run.wanted) say(`${program.title} ended by itself (${how}). ${await endOfLog(run.logFile)}`);
}

async function endOfLog(logFile: string): Promise<string> {
  const log = await readFile(logFile, 'utf8').catch(() => '');
  const lines = log.trimEnd().split('\n').slice(-15);
  return lines.join('').trim() === '' ? 'Its log is empty.' : `The end of its log:\n${lines.join('\n')}`;
}
