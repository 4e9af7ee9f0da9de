import { readdirSync, readFileSync, watch, type FSWatcher } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundleFunctions } from '../bundle.ts';
import { removeAtExit } from './engines/children.ts';
import { createFolder, removeFolder } from './engines/folder.ts';
import type { LocalFunction } from './local-function.ts';
import type { Stoppable } from './resource-kind.ts';

/** Where the sources are, and what makes a folder of bundles of them. */
export interface Sources {
  readonly root: string;
  readonly bundle: (outdir: string) => Promise<void>;
}

/** Editors write a file in several steps, and several files at once. */
const settleMs = 100;

/**
 * Bundles the functions again whenever their sources change, and gives running functions the code that differs.
 * A build that fails is told, and the old code goes on. Infrastructure is not watched into effect: templates decide
 * what runs, so that a change of it needs a new start.
 */
export function watchFunctions(
  functions: readonly LocalFunction[],
  say: (line: string) => void,
  { root, bundle }: Sources = { root: resolve(import.meta.dirname, '../..'), bundle: bundleFunctions },
): Stoppable {
  const folders: string[] = [];
  let last = Promise.resolve();
  const rebuild = async () => {
    const began = Date.now();
    try {
      const folder = await createFolder();
      folders.push(folder);
      removeAtExit(folder);
      await bundle(folder);
      const changed = functions.filter((running) => differs(running, bundleOf(running, folder)));
      await Promise.all(changed.map((running) => running.replaceCode(bundleOf(running, folder)!)));
      const names = changed.map(({ name }) => name).join(', ');
      say(names ? `New code for ${names} in ${Date.now() - began} ms` : 'Built again; no function differs');
    } catch (error) {
      say(`Not built, the old code goes on: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const watchers = [
    ...['functions', 'lib'].map((name) => watchFolder(root, name, () => void (last = last.then(rebuild)))),
    watchFolder(root, 'infra', (file) => say(`${file} has changed: start again to run it`)),
  ];
  return {
    stop: async () => {
      await Promise.all(watchers.map((watcher) => watcher.stop()));
      await last;
      await Promise.all(folders.map((folder) => removeFolder(folder)));
    },
  };
}

/**
 * Calls for each file that changes below a folder, once for changes that come together. It watches folders, not
 * files: an editor that replaces a file leaves a watcher of the file behind (as Node's own `recursive` is on Linux).
 */
function watchFolder(root: string, name: string, changed: (file: string) => void): Stoppable {
  const watchers = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;
  const receive = (folder: string, file: string) => {
    // The files of a new folder came before its watcher did.
    if (!watchAll() && !/\.(ts|json)$/.test(file)) return;
    clearTimeout(timer);
    timer = setTimeout(() => changed(join(folder, file)), settleMs);
  };
  /** Whether there are new folders. */
  const watchAll = (): boolean => {
    const folders = new Set(foldersIn(root, name));
    for (const [folder, watcher] of watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      watchers.delete(folder);
    }
    const added = [...folders].filter((folder) => !watchers.has(folder));
    for (const folder of added) {
      const watcher = watch(join(root, folder), (_, file) => receive(folder, file ?? ''));
      // A folder that goes away says so; the one above it does too.
      watcher.on('error', () => {});
      watchers.set(folder, watcher);
    }
    return added.length > 0;
  };
  watchAll();
  return {
    stop: async () => {
      clearTimeout(timer);
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}

/** A folder and all below it, as paths from the root. */
function foldersIn(root: string, name: string): string[] {
  try {
    const below = readdirSync(join(root, name), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    return [name, ...below.flatMap((entry) => foldersIn(root, join(name, entry.name)))];
  } catch {
    // It went away meanwhile.
    return [];
  }
}

/** The folder under `bundles` that has a function's code: its source map says which handler it was built from. */
function bundleOf({ codeFolder }: LocalFunction, bundles: string): string | undefined {
  const { sources } = JSON.parse(readFileSync(join(codeFolder, 'index.mjs.map'), 'utf8')) as {
    sources: string[];
  };
  const entry = sources
    .map((source) => /(?:^|\/)functions\/([^/]+)\/handler\.ts$/.exec(source)?.[1])
    .findLast(Boolean);
  return readdirSync(bundles).includes(entry ?? '') ? join(bundles, entry!) : undefined;
}

function differs({ codeFolder }: LocalFunction, bundle: string | undefined): boolean {
  const code = (folder: string) => readFileSync(join(folder, 'index.mjs'));
  return bundle !== undefined && !code(codeFolder).equals(code(bundle));
}
