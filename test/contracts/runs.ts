import { beforeEach, describe, expect, it } from 'vitest';
import type { Runs } from '../../lib/app/ports/runs.ts';
import {
  type NodeReport,
  type Run,
  report,
  startNode,
  startRun,
  withTimeFrom,
  withoutNode,
} from '../../lib/core/run.ts';

const nowMs = 1_700_000_000_000;

/** A run with these nodes in progress. */
function runWith(id: string, nodeRunIds: readonly string[], more: Partial<Run> = {}): Run {
  const start = { id, orgId: 'acme', workflowIdentifier: 'deploy', outputs: {}, ...more };
  return nodeRunIds.reduce((run, nodeRunId, at) => withNode(run, nodeRunId, at), startRun(start, 60, nowMs));
}

function withNode(run: Run, nodeRunId: string, at = 0): Run {
  const started = startNode(run, { identifier: 'publish', title: 'Publish' }, nodeRunId, nowMs + at);
  if ('refused' in started) throw new Error(started.refused);
  return started.run;
}

function reported(run: Run, nodeRunId: string, told: NodeReport): Run {
  const outcome = report(run, nodeRunId, told, nowMs + 1);
  if (outcome.outcome !== 'recorded') throw new Error(outcome.outcome);
  return outcome.run;
}

const line = (log: string): NodeReport => ({ status: 'IN_PROGRESS', logs: [{ logLevel: 'INFO', log }] });

/** What every adapter of `Runs` does. */
export function runsContract(adapter: string, create: () => Promise<Runs>): void {
  describe(`Runs: ${adapter}`, () => {
    let runs: Runs;

    beforeEach(async () => {
      runs = await create();
    });

    it('reads back what was created, as it was, and finds it by the runs of its nodes', async () => {
      const outputs = { trigger: '{"n": 1.10}', 'ü "quoted"': '"\\u0000"' };
      const started = runWith('wfr_1', ['wfnr_b', 'wfnr_a'], {
        inputs: '{"big":12345678901234567890}',
        outputs,
      });
      const output = '{"at": 1.10, "text": "\\u0000\\""}';
      const run = reported(started, 'wfnr_a', {
        status: 'COMPLETED',
        result: 'FAILED',
        output,
        logs: [{ logLevel: 'ERROR', log: '\u001b[31mred\u0000 \ud83d\ude00' }],
      });
      expect(await runs.create(run)).toBe(true);
      expect(await runs.get('wfr_1')).toEqual(run);
      expect(await runs.runOf('wfnr_a')).toBe('wfr_1');
      expect(await runs.runOf('wfnr_b')).toBe('wfr_1');
      expect(await runs.get('wfr_2')).toBeUndefined();
      expect(await runs.runOf('wfnr_c')).toBeUndefined();
    });

    it('leaves a run alone whose id is taken', async () => {
      const run = runWith('wfr_1', ['wfnr_a']);
      await runs.create(run);
      const later = await runs.update('wfr_1', (found) => reported(found, 'wfnr_a', line('done')));
      expect(await runs.create(run)).toBe(false);
      expect(await runs.get('wfr_1')).toEqual(later);
    });

    it('changes a run: a report, a later node, outputs that are given with it', async () => {
      await runs.create(runWith('wfr_1', ['wfnr_a']));
      const told = await runs.update('wfr_1', (run) => reported(run, 'wfnr_a', line('first')));
      expect(await runs.get('wfr_1')).toEqual(told);
      const later = await runs.update('wfr_1', (run) => ({
        ...withNode(run, 'wfnr_b', 5),
        outputs: { build: '7' },
      }));
      expect(later!.nodeRuns.map(({ id }) => id)).toEqual(['wfnr_a', 'wfnr_b']);
      expect(await runs.get('wfr_1')).toEqual(later);
      expect(await runs.runOf('wfnr_b')).toBe('wfr_1');
      const again = await runs.update('wfr_1', (run) => reported(run, 'wfnr_b', line('second')));
      expect(await runs.get('wfr_1')).toEqual(again);
      expect(await runs.update('wfr_2', (run) => run)).toBeUndefined();
    });

    it('gives a run another time-out, and takes a node out of it', async () => {
      await runs.create(runWith('wfr_1', ['wfnr_a', 'wfnr_b']));
      const later = await runs.update('wfr_1', (run) => withTimeFrom(run, 60, nowMs + 5_000));
      expect(later!.timesOutAtMs).toBe(nowMs + 65_000);
      expect(await runs.get('wfr_1')).toEqual(later);
      const left = await runs.update('wfr_1', (run) => withoutNode(run, 'wfnr_b'));
      expect(left!.nodeRuns.map(({ id }) => id)).toEqual(['wfnr_a']);
      expect(await runs.get('wfr_1')).toEqual(left);
      expect(await runs.runOf('wfnr_b')).toBeUndefined();
      await runs.update('wfr_1', (run) => withNode(run, 'wfnr_b'));
      expect(await runs.runOf('wfnr_b')).toBe('wfr_1');
    });

    it('loses no report when many come at once, about one node and about several', async () => {
      await runs.create(runWith('wfr_1', ['wfnr_a', 'wfnr_b']));
      const logs = Array.from({ length: 8 }, (_, n) => `line ${n}`);
      await Promise.all(
        logs.flatMap((log) =>
          ['wfnr_a', 'wfnr_b'].map((id) => runs.update('wfr_1', (run) => reported(run, id, line(log)))),
        ),
      );
      const { nodeRuns } = (await runs.get('wfr_1'))!;
      for (const nodeRun of nodeRuns) expect(nodeRun.logs.map(({ log }) => log).sort()).toEqual(logs);
      expect(nodeRuns).toHaveLength(2);
    });

    it('leaves a run alone when the change throws', async () => {
      const run = runWith('wfr_1', ['wfnr_a']);
      await runs.create(run);
      const change = () => {
        throw new Error('no');
      };
      await expect(runs.update('wfr_1', change)).rejects.toThrow('no');
      expect(await runs.get('wfr_1')).toEqual(run);
    });

    it('holds as much as a run may have: the largest inputs, outputs and logs, of many nodes', async () => {
      const large = JSON.stringify('"'.repeat(65_000));
      const ids = Array.from({ length: 10 }, (_, n) => `wfnr_${n}`);
      const told: NodeReport = {
        status: 'COMPLETED',
        result: 'SUCCESS',
        output: large,
        logs: Array.from({ length: 8 }, () => ({ logLevel: 'INFO', log: '\u001b'.repeat(8_000) })),
      };
      const started = runWith('wfr_1', ids, { outputs: { trigger: large } });
      const run = ids.reduce((all, id) => reported(all, id, told), started);
      await runs.create(run);
      expect(await runs.get('wfr_1')).toEqual(run);
    });
  });
}
