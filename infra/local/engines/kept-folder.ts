import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolder } from './class-paths.ts';

/**
 * A folder that is kept from one start to the next, which an earlier start has filled.
 * @param make fills it, where there is none yet; what it throws is thrown
 */
export async function keptFolder(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const kept = path.join(cacheFolder, name);
  if (await exists(kept)) return kept;
  await mkdir(cacheFolder, { recursive: true });
  const folder = await mkdtemp(`${kept}-`);
  try {
    await make(folder);
    await rename(folder, kept);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    // Where another start was first, its folder is taken.
    if (!(await exists(kept))) throw error;
  }
  return kept;
}

/** A file of a folder that is kept, where it is there. */
export async function keptFile(name: string, file: string): Promise<string | undefined> {
  const kept = path.join(cacheFolder, name, file);
  return (await exists(kept)) ? kept : undefined;
}

/** For the name of a folder: what is made of something else is another one. */
export function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
