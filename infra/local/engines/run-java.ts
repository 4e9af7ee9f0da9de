import { text } from 'node:stream/consumers';
import { ended, endNow, spawnFollowing } from './children.ts';
import { javaOptions } from './java-program.ts';

const timeoutMs = 60_000;

/**
 * Runs one of Java's short programs in `folder` to its end and returns what it printed.
 * @param args options, main class and arguments, or an `@file` that holds them
 * @throws Error with what it said on its error stream only: what it prints may hold secrets
 */
export async function runJava(folder: string, what: string, args: readonly string[]): Promise<string> {
  const child = spawnFollowing('java', [...javaOptions(folder), ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const timer = setTimeout(() => void endNow(child), timeoutMs);
  const [how, printed, said] = await Promise.all([
    ended(child),
    child.stdout ? text(child.stdout) : '',
    child.stderr ? text(child.stderr) : '',
  ]);
  clearTimeout(timer);
  if (how !== 'code 0') throw new Error(`${what} failed (${how}): ${said.trim() || 'it said nothing'}`);
  return printed;
}
