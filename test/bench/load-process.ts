import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A process that makes load, so that the machine under test and what measures it do not wait for each other. */
export interface LoadProcess<Order> {
  /** Has it do something, and waits for what comes of it. */
  order<Answer>(what: Order): Promise<Answer>;
  end(): void;
}

/** @param module the file, beside this one, that answers each message with `{ result }` or `{ error }` */
export function startLoadProcess<Order extends object>(module: string): LoadProcess<Order> {
  const load = fork(join(import.meta.dirname, module), { stdio: 'inherit' });
  return {
    async order<Answer>(what: Order) {
      load.send(what);
      const [answer] = (await once(load, 'message')) as [{ result: Answer; error?: string }];
      if (answer.error) throw new Error(answer.error);
      return answer.result;
    },
    end: () => void load.kill(),
  };
}
