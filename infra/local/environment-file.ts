import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Values that mean themselves to a shell and to every reader of such files. */
const plain = /^[A-Za-z0-9_./:@%+,=-]*$/;

/** `KEY=value` lines that a shell can source. */
export function environmentLines(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${plain.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`}\n`)
    .join('');
}

/**
 * Writes the variables to a file that only this user can read.
 * @returns removes the file again, unless another machine has written its own there since
 */
export function writeEnvironmentFile(path: string, variables: Readonly<Record<string, string>>): () => void {
  const content = environmentLines(variables);
  mkdirSync(dirname(path), { recursive: true });
  // A file that is there keeps its mode when it is written again.
  rmSync(path, { force: true });
  writeFileSync(path, content, { mode: 0o600 });
  return () => {
    try {
      if (readFileSync(path, 'utf8') === content) rmSync(path);
    } catch {
      // Somebody removed it already.
    }
  };
}
