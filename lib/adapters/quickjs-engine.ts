import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { QuickJS, Snapshot } from 'quickjs-wasi';
import { mostMemoryBytes } from './quickjs-answers.ts';

/** One instance of QuickJS and its linear memory. Nothing outside refers to it: once dropped, it is collected. */
export interface Machine {
  readonly vm: QuickJS;
  readonly memory: { readonly buffer: ArrayBuffer };
}

/** What is loaded once a process, upon the first transform: sources without one must not wait for it. */
export interface Engine {
  /** @param snapshot the state to begin with; without it, QuickJS's own */
  open(snapshot?: Snapshot): Promise<Machine>;
  /** The text of jmespath.js, which runs in the sandbox like the user's own code. */
  jmespath(): Promise<string>;
}

/**
 * QuickJS refuses deeper recursion with an error that code can catch. In WebAssembly it also takes V8's own stack,
 * which is 1 MB on the main thread and must not end first for usual functions.
 */
const mostStackBytes = 256 * 1024;

let engine: Promise<Engine> | undefined;

/** @throws when the engine's files cannot be read; the next call tries again */
export function loadEngine(): Promise<Engine> {
  engine ??= readEngine().catch((error: unknown) => {
    engine = undefined;
    throw error;
  });
  return engine;
}

async function readEngine(): Promise<Engine> {
  const [{ QuickJS }, wasm] = await Promise.all([
    import('quickjs-wasi'),
    readFile(shippedFile('quickjs.wasm', 'quickjs-wasi/quickjs.wasm')).then((bytes) => compile(bytes)),
  ]);
  let jmespath: Promise<string> | undefined;
  return {
    open: async (snapshot) => {
      let memory: Machine['memory'] | undefined;
      const options = {
        wasm,
        memoryLimit: mostMemoryBytes,
        maxStackSize: mostStackBytes,
        timezoneOffset: 0,
        wasi: (its: Machine['memory']) => {
          memory = its;
          // What the engine would print belongs to nobody.
          return { fd_write: () => badFileDescriptor };
        },
      };
      const vm = await (snapshot ? QuickJS.restore(snapshot, options) : QuickJS.create(options));
      return { vm, memory: memory! };
    },
    jmespath: () =>
      (jmespath ??= readFile(shippedFile('jmespath.js', 'jmespath/jmespath.js'), 'utf8').catch(
        (error: unknown) => {
          jmespath = undefined;
          throw error;
        },
      )),
  };
}

const badFileDescriptor = 8;

/** Node's types know WebAssembly by name only. */
const { compile } = (
  globalThis as unknown as { WebAssembly: { compile: (bytes: Uint8Array) => Promise<object> } }
).WebAssembly;

/** A file of a package: beside the bundle, where infra/bundle.ts puts it, or in the package when run from source. */
function shippedFile(name: string, specifier: string): string {
  const beside = join(import.meta.dirname, name);
  return existsSync(beside) ? beside : createRequire(import.meta.url).resolve(specifier);
}
