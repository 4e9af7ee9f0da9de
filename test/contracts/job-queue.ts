import { beforeEach, describe, expect, it } from 'vitest';
import type { JobQueue } from '../../lib/app/ports/jobs.ts';

export interface JobQueueUnderTest {
  readonly queue: JobQueue;
  /** Receives what is visible, with the group of each; waits for seconds when there is nothing. */
  receive(waitSeconds: number): Promise<{ readonly id: string; readonly group: string | undefined }[]>;
}

/** What every adapter of `JobQueue` does. */
export function jobQueueContract(adapter: string, create: () => Promise<JobQueueUnderTest>): void {
  describe(`JobQueue: ${adapter}`, () => {
    let tested: JobQueueUnderTest;
    beforeEach(async () => {
      tested = await create();
    });

    const receiveAll = async (count: number) => {
      const received: { readonly id: string; readonly group: string | undefined }[] = [];
      while (received.length < count) {
        const more = await tested.receive(5);
        if (more.length === 0) break;
        received.push(...more);
      }
      return received.sort((one, other) => one.id.localeCompare(other.id));
    };

    it('groups jobs by org where that is told, so that one org’s many do not hold up another’s', async () => {
      await tested.queue.send(['job_1', 'job_2'], 0, 'acme');
      await tested.queue.send(['job_3'], 0, 'other');
      await tested.queue.send(['job_4']);
      expect(await receiveAll(4)).toEqual([
        { id: 'job_1', group: 'acme' },
        { id: 'job_2', group: 'acme' },
        { id: 'job_3', group: 'other' },
        { id: 'job_4', group: undefined },
      ]);
    });

    it('holds a job back for its delay', async () => {
      await tested.queue.send(['job_1'], 1_500);
      expect(await tested.receive(1)).toEqual([]);
      expect(await tested.receive(10)).toEqual([{ id: 'job_1', group: undefined }]);
    });
  });
}
