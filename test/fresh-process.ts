import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { LocalFunction } from '../infra/local/local-function.ts';

/** A function in a process of its own, as Lambda starts it cold: nothing of this process is in it but the address of its bundle. */
export interface FreshProcess {
  /** How long its module took to load, milliseconds. */
  readonly importMs: number;
  invoke(event: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

export type FreshMessage =
  | { readonly kind: 'loaded'; readonly importMs: number }
  | { readonly kind: 'answer'; readonly answer: unknown }
  | { readonly kind: 'failure'; readonly failure: string };

/** @throws Error when the bundle does not load, or an invocation fails */
export async function startFreshProcess({
  codeFolder,
  variables,
}: Pick<LocalFunction, 'codeFolder' | 'variables'>): Promise<FreshProcess> {
  const child = fork(join(import.meta.dirname, 'fresh-process-child.ts'), [join(codeFolder, 'index.mjs')], {
    env: { ...variables, PATH: process.env['PATH'] },
    execArgv: ['--enable-source-maps'],
    // What it logs is looked at elsewhere.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const answer = async (): Promise<FreshMessage> => {
    const [message] = (await once(child, 'message')) as [FreshMessage];
    if (message.kind === 'failure') throw new Error(message.failure);
    return message;
  };
  const loaded = await answer();
  return {
    importMs: loaded.kind === 'loaded' ? loaded.importMs : NaN,
    async invoke(event) {
      child.send({ event });
      const message = await answer();
      return message.kind === 'answer' ? message.answer : undefined;
    },
    async stop() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}
