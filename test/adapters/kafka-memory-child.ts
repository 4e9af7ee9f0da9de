/**
 * Writes to one broker for many endpoints, each in its turn new, and tells after each round what is in use. The process
 * that starts this one must let it collect garbage.
 */
import { setImmediate } from 'node:timers/promises';
import { createKafkaSender } from '../../lib/adapters/kafka-sender.ts';
import type { KafkaTarget } from '../../lib/core/kafka-target.ts';

/** What this process is told to do. */
export interface MemoryOrder {
  readonly target: KafkaTarget;
  readonly endpointsARound: number;
  readonly rounds: number;
  readonly messageBytes: number;
}

/** After a round. */
export interface MemoryUse {
  readonly acknowledged: number;
  readonly connections: number;
  /** Of the heap and beside it, once garbage is collected. */
  readonly bytes: number;
}

async function work({ target, endpointsARound, rounds, messageBytes }: MemoryOrder): Promise<MemoryUse[]> {
  const sender = createKafkaSender({ allowLoopback: true, ports: 'any', deniedRanges: [] }, Date.now);
  const uses: MemoryUse[] = [];
  for (let round = 0; round < rounds; round++) {
    const endByMs = Date.now() + 60_000;
    const message = () => ({ key: 'k', value: `"${'x'.repeat(messageBytes)}"`, headers: {} });
    const attempts = await Promise.all(
      Array.from({ length: endpointsARound }, (_, n) =>
        sender.attempt(`ep_${round}_${n}`, target, message, 30_000, { beginByMs: endByMs, endByMs }),
      ),
    );
    await collect();
    const { heapUsed, external } = process.memoryUsage();
    uses.push({
      acknowledged: attempts.filter((attempt) => attempt?.acknowledged).length,
      connections: process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length,
      bytes: heapUsed + external,
    });
  }
  await sender.close();
  return uses;
}

/** What buffers hold is freed a moment after they are. */
async function collect(): Promise<void> {
  for (let times = 0; times < 3; times++) {
    gc!();
    await setImmediate();
  }
}

process.once('message', (order: MemoryOrder) => {
  void work(order).then((uses) => process.send!(uses, () => process.disconnect()));
});
