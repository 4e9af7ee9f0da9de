import { execFileSync } from 'node:child_process';
import { expect } from 'vitest';

/** Has a process stand still until it is sent SIGCONT. Returns once it does: where much runs, that takes a moment. */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  const state = () => execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  await expect.poll(state).toMatch(/^T/);
}
