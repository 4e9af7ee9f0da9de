import { rmSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';

const prefix = 'fanout-engines-';
const ourName = /^fanout-engines-[A-Za-z0-9]{6}$/;

/** Who made a folder: enough to tell that this very process is gone, and not only that its number is in use again. */
interface Owner {
  program: 'fanout-engines';
  pid: number;
  /** When the process started, in the system's own count; null where that cannot be told. */
  started: string | null;
  /** Process ids mean nothing on another machine (or in another container) that shares the folder. */
  host: string;
}

/** Makes a folder for the engines' data, configurations, certificates and logs, which only this user can read. */
export async function createFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), prefix));
  const owner: Owner = {
    program: 'fanout-engines',
    pid: process.pid,
    started: await startOf(process.pid),
    host: hostname(),
  };
  await writeFile(path.join(folder, 'owner.json'), JSON.stringify(owner));
  await mkdir(path.join(folder, 'tmp'));
  return folder;
}

/** Removes a folder; files that an engine's last moment still wrote are tried again. */
export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

/** For the last moment of this process, which cannot wait. */
export function removeFolderNow(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 2 });
  } catch {
    // The next start removes it.
  }
}

/** Removes the folders of processes that ended without doing so (SIGKILL): each says whose it is, and only then it is ours. */
export async function removeStaleFolders(): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => []);
  for (const name of names.filter((one) => ourName.test(one))) {
    const folder = path.join(tmpdir(), name);
    if (await isStale(folder)) await removeFolder(folder).catch(() => undefined);
  }
}

async function isStale(folder: string): Promise<boolean> {
  try {
    const about = await lstat(folder);
    if (!about.isDirectory() || about.uid !== process.getuid?.()) return false;
    const owner = JSON.parse(await readFile(path.join(folder, 'owner.json'), 'utf8')) as Partial<Owner>;
    if (owner.program !== 'fanout-engines' || owner.host !== hostname()) return false;
    return typeof owner.pid === 'number' && !(await isAlive(owner.pid, owner.started ?? null));
  } catch {
    return false; // not readable as one of ours: leave it alone
  }
}

async function isAlive(pid: number, started: string | null): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
  const fields = await statusFields(pid);
  if (fields?.[0] === 'Z') return false; // ended, only not yet waited for
  return started === null || !fields || started === fields[19];
}

async function startOf(pid: number): Promise<string | null> {
  return (await statusFields(pid))?.[19] ?? null;
}

/** /proc/PID/stat after the command's name (which may hold spaces): first the state, at 19 the start. Linux only. */
async function statusFields(pid: number): Promise<string[] | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/stat`, 'utf8');
    return status.slice(status.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
