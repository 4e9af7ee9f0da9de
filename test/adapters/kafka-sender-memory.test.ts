import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { useEngine } from '../infra/local/pollers/engine-for-tests.ts';
import type { MemoryOrder, MemoryUse } from './kafka-memory-child.ts';
import { createTopic, targetOf } from './kafka-topics.ts';

const engines = useEngine('kafka');
const mebibyte = 1024 * 1024;

/** In a process of its own: nothing else is in its memory. */
async function measure(order: MemoryOrder): Promise<MemoryUse[]> {
  const child = fork(join(import.meta.dirname, 'kafka-memory-child.ts'), { execArgv: ['--expose-gc'] });
  onTestFinished(() => void child.kill());
  child.send(order);
  const [uses] = (await once(child, 'message')) as [MemoryUse[]];
  return uses;
}

test('what has been written for an endpoint is not kept in memory, nor more than two hundred connections', async () => {
  const topic = await createTopic(engines().kafka);
  const messageBytes = 100 * 1024;
  const uses = await measure({
    target: targetOf(engines().kafka, topic, { saslMechanism: 'plain' }),
    endpointsARound: 250,
    rounds: 4,
    messageBytes,
  });
  for (const { acknowledged, connections, bytes } of uses) {
    expect(acknowledged).toBe(250);
    expect(connections).toBe(200);
    expect(bytes).toBeLessThan(64 * mebibyte);
  }
  // Each round writes 24 MiB.
  expect(uses.at(-1)!.bytes - uses[0]!.bytes).toBeLessThan(10 * mebibyte);
});
