import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { removeFolderNow } from './folder.ts';

// What must not outlive this process. Linux ends the children by itself, even after a SIGKILL (see below); elsewhere,
// and for the folders, this is done when the process exits by its own will.
const children = new Set<ChildProcess>();
const folders = new Set<string>();
let watching = false;
let canFollow: boolean | undefined;

/**
 * Spawns a program that ends when this process ends, however that ends: on Linux `setpriv --pdeathsig KILL` asks the
 * kernel for it. The kernel counts from the thread that spawns, so call this on the main thread. The child has a
 * process group of its own there, so that Ctrl-C reaches Fanout, which then ends its engines last.
 */
export function spawnFollowing(program: string, args: string[], options: SpawnOptions): ChildProcess {
  canFollow ??=
    process.platform === 'linux' && spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true']).status === 0;
  const child = canFollow
    ? spawn('setpriv', ['--pdeathsig', 'KILL', '--', program, ...args], { ...options, detached: true })
    : spawn(program, args, options);
  children.add(child);
  child.once('exit', () => children.delete(child));
  child.once('error', () => children.delete(child));
  watchForExit();
  return child;
}

/** Removes the folder when this process exits, unless the function that comes back is called before. */
export function removeAtExit(folder: string): () => void {
  folders.add(folder);
  watchForExit();
  return () => folders.delete(folder);
}

function watchForExit(): void {
  if (watching) return;
  watching = true;
  process.once('exit', () => {
    for (const child of children) child.kill('SIGKILL');
    for (const folder of folders) removeFolderNow(folder);
  });
}

/** Waits until a child has ended; what comes back says how, for a message. */
export function ended(child: ChildProcess): Promise<string> {
  const how = (code: number | null, signal: string | null): string =>
    signal === null ? `code ${code ?? 0}` : `signal ${signal}`;
  if (child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve(how(child.exitCode, child.signalCode));
  }
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(how(code, signal)));
    child.once('error', (error) => resolve(error.message));
  });
}

/** Ends a child at once (also one that is frozen) and waits until it is gone. */
export async function endNow(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return; // never came to be
  const end = ended(child);
  child.ref();
  child.kill('SIGKILL');
  await end;
}
