import { describe, expect, test } from 'vitest';
import { randomCallPlace } from '../../lib/core/call-place.ts';
import {
  type NodeReport,
  type NodeRun,
  type Run,
  mostLogBytes,
  mostNodeRuns,
  nodeRunIdOf,
  nodeRunIdPattern,
  report,
  runIdOf,
  runIdPattern,
  startNode,
  startRun,
  stateOfNode,
  stateOfRun,
} from '../../lib/core/run.ts';

const startedAtMs = Date.parse('2024-01-15T10:30:00Z');
const timesOutAtMs = startedAtMs + 60_000;

/** A run of a minute with these nodes in progress; their runs' ids are `wfnr_0`, `wfnr_1`, … */
function runWith(...identifiers: string[]): Run {
  const start = { id: 'wfr_a', orgId: 'acme', workflowIdentifier: 'deploy', outputs: {} };
  return identifiers.reduce(
    (run, identifier, index) => next(run, identifier, `wfnr_${index}`),
    startRun(start, 60, startedAtMs),
  );
}

function next(run: Run, identifier: string, id: string): Run {
  const started = startNode(run, { identifier, title: identifier.toUpperCase() }, id, startedAtMs + 1);
  if ('refused' in started) throw new Error(started.refused);
  return started.run;
}

function reported(run: Run, id: string, told: NodeReport, nowMs = startedAtMs + 2): Run {
  const outcome = report(run, id, told, nowMs);
  if (outcome.outcome !== 'recorded') throw new Error(JSON.stringify(outcome));
  return outcome.run;
}

const completed = (result: 'SUCCESS' | 'FAILED' | 'CANCELLED') => ({ status: 'COMPLETED', result }) as const;
const success: NodeReport = {
  ...completed('SUCCESS'),
  output: '{"n":1.10}',
  logs: [{ logLevel: 'INFO', log: 'done' }],
};
const nodeOf = (run: Run, index = 0): NodeRun => run.nodeRuns[index]!;

test('ids are a prefix with 16 letters and digits, the same for a call that is repeated', () => {
  const call = randomCallPlace();
  expect(runIdOf(call, startedAtMs)).toMatch(runIdPattern);
  expect(nodeRunIdOf(call, startedAtMs)).toMatch(nodeRunIdPattern);
  expect(nodeRunIdOf({ ...call }, startedAtMs)).toBe(nodeRunIdOf(call, startedAtMs));
  const others = [runIdOf(call, startedAtMs), runIdOf(call, startedAtMs + 1)];
  others.push(...Array.from({ length: 1_000 }, () => runIdOf(randomCallPlace(), startedAtMs)));
  others.push(`wfr_${nodeRunIdOf(call, startedAtMs).slice('wfnr_'.length)}`);
  expect(new Set(others).size).toBe(1_003);
});

test('a node starts in progress', () => {
  const run = runWith('publish');
  expect(nodeOf(run)).toEqual({
    id: 'wfnr_0',
    nodeIdentifier: 'publish',
    nodeTitle: 'PUBLISH',
    status: 'IN_PROGRESS',
    logs: [],
    droppedLogs: 0,
    createdAtMs: startedAtMs + 1,
    updatedAtMs: startedAtMs + 1,
  });
  expect(stateOfRun(run, startedAtMs)).toEqual({ status: 'IN_PROGRESS' });
});

describe('a report', () => {
  test('completes the node, and leaves the others and what it was given alone', () => {
    const before = runWith('one', 'two');
    const copy = structuredClone(before);

    const run = reported(before, 'wfnr_1', success, startedAtMs + 7);

    expect(nodeOf(run, 1)).toMatchObject({
      status: 'COMPLETED',
      result: 'SUCCESS',
      output: '{"n":1.10}',
      logs: [{ logLevel: 'INFO', log: 'done', createdAtMs: startedAtMs + 7 }],
      updatedAtMs: startedAtMs + 7,
      completedAtMs: startedAtMs + 7,
    });
    expect(nodeOf(run)).toBe(nodeOf(before));
    expect(before).toEqual(copy);
  });

  test('that the node is in progress adds logs, and replaces the output', () => {
    const log = (text: string) => [{ logLevel: 'INFO', log: text }];
    let run = reported(runWith('one'), 'wfnr_0', { status: 'IN_PROGRESS', output: '1', logs: log('a') });
    run = reported(run, 'wfnr_0', { status: 'IN_PROGRESS', output: '2', logs: log('b') });
    run = reported(run, 'wfnr_0', { status: 'IN_PROGRESS' }, startedAtMs + 9);

    expect(nodeOf(run)).toMatchObject({ status: 'IN_PROGRESS', output: '2', updatedAtMs: startedAtMs + 9 });
    expect(nodeOf(run).logs.map((entry) => entry.log)).toEqual(['a', 'b']);
    expect(nodeOf(run)).not.toHaveProperty('completedAtMs');
  });

  test('that completes without an output keeps the one before', () => {
    const run = reported(runWith('one'), 'wfnr_0', { status: 'IN_PROGRESS', output: '1' });
    expect(nodeOf(reported(run, 'wfnr_0', completed('FAILED')))).toMatchObject({
      result: 'FAILED',
      output: '1',
    });
  });

  test.each([startedAtMs + 3, timesOutAtMs + 1])(
    'that completed the node changes nothing when it comes again',
    (nowMs) => {
      const run = reported(runWith('one'), 'wfnr_0', success);
      const again = report(run, 'wfnr_0', structuredClone(success), nowMs);
      expect(again).toEqual({ outcome: 'repeated', run, nodeRun: nodeOf(run) });
    },
  );

  test.each<[string, NodeReport]>([
    ['result', { ...success, ...completed('FAILED') }],
    ['output', { ...success, output: '{"n":1.1}' }],
    ['log', { ...success, logs: [{ logLevel: 'INFO', log: 'done.' }] }],
    ['log level', { ...success, logs: [{ logLevel: 'WARNING', log: 'done' }] }],
    ['number of logs', { ...success, logs: [] }],
    ['output, which it has not', completed('SUCCESS')],
    ['status', { status: 'IN_PROGRESS', output: '{"n":1.10}', logs: success.logs! }],
  ])('after that is refused with another %s', (_, other) => {
    const run = reported(runWith('one'), 'wfnr_0', success);
    expect(report(run, 'wfnr_0', other, startedAtMs + 3)).toEqual({
      outcome: 'refused',
      reason: 'already_completed',
    });
  });

  test('about a node that was not started is refused', () => {
    const outcome = report(runWith('one'), 'wfnr_9', success, startedAtMs);
    expect(outcome).toEqual({ outcome: 'refused', reason: 'no_such_node_run' });
  });

  test('comes in time until the run times out', () => {
    const run = runWith('one');
    expect(report(run, 'wfnr_0', success, timesOutAtMs - 1)).toMatchObject({ outcome: 'recorded' });
    expect(report(run, 'wfnr_0', success, timesOutAtMs)).toEqual({ outcome: 'refused', reason: 'timed_out' });
  });
});

test('the oldest logs give way when they become too large', () => {
  const log = (text: string, bytes: number) => ({ logLevel: 'INFO', log: text.repeat(bytes) });
  const third = mostLogBytes / 3;
  let run = reported(runWith('one'), 'wfnr_0', {
    status: 'IN_PROGRESS',
    logs: [log('a', third), log('b', 10)],
  });
  run = reported(run, 'wfnr_0', { status: 'IN_PROGRESS', logs: [log('c', third)] });
  expect(nodeOf(run).droppedLogs).toBe(0);

  run = reported(run, 'wfnr_0', { status: 'IN_PROGRESS', logs: [log('d', third)] });
  expect(nodeOf(run).logs.map((entry) => entry.log[0])).toEqual(['b', 'c', 'd']);
  expect(nodeOf(run).droppedLogs).toBe(1);

  run = reported(run, 'wfnr_0', { ...completed('SUCCESS'), logs: [log('e', third)] });
  expect(nodeOf(run).logs.map((entry) => entry.log[0])).toEqual(['d', 'e']);
  expect(nodeOf(run).droppedLogs).toBe(3);
});

describe('a run reads', () => {
  const results = (...all: [string, 'SUCCESS' | 'FAILED' | 'CANCELLED' | undefined][]) =>
    all.reduce(
      (run, [, result], index) =>
        result === undefined ? run : reported(run, `wfnr_${index}`, completed(result)),
      runWith(...all.map(([identifier]) => identifier)),
    );

  test.each<[string, Run, object, object]>([
    ['without nodes', runWith(), { status: 'IN_PROGRESS' }, { status: 'TIMED_OUT' }],
    [
      'in progress',
      results(['a', 'SUCCESS'], ['b', undefined]),
      { status: 'IN_PROGRESS' },
      { status: 'TIMED_OUT' },
    ],
    ['successful', results(['a', 'SUCCESS'], ['b', 'SUCCESS']), completed('SUCCESS'), completed('SUCCESS')],
    [
      'failed',
      results(['a', 'FAILED'], ['b', 'CANCELLED'], ['c', 'SUCCESS']),
      completed('FAILED'),
      completed('FAILED'),
    ],
    [
      'cancelled',
      results(['a', 'CANCELLED'], ['b', 'SUCCESS']),
      completed('CANCELLED'),
      completed('CANCELLED'),
    ],
    [
      'with a node that did better in the end',
      results(['a', 'FAILED'], ['a', 'SUCCESS']),
      completed('SUCCESS'),
      completed('SUCCESS'),
    ],
    [
      'with a node that did worse in the end',
      results(['a', 'SUCCESS'], ['a', 'FAILED']),
      completed('FAILED'),
      completed('FAILED'),
    ],
  ])('%s', (_, run, inTime, late) => {
    expect(stateOfRun(run, timesOutAtMs - 1)).toEqual(inTime);
    expect(stateOfRun(run, timesOutAtMs)).toEqual(late);
  });

  test('and so does each of its nodes', () => {
    const run = results(['a', 'SUCCESS'], ['b', undefined]);
    expect(stateOfNode(run, nodeOf(run, 0), timesOutAtMs)).toEqual(completed('SUCCESS'));
    expect(stateOfNode(run, nodeOf(run, 1), timesOutAtMs - 1)).toEqual({ status: 'IN_PROGRESS' });
    expect(stateOfNode(run, nodeOf(run, 1), timesOutAtMs)).toEqual({ status: 'TIMED_OUT' });
  });

  test('in progress again when a later node starts', () => {
    const run = next(results(['a', 'SUCCESS']), 'b', 'wfnr_b');
    expect(stateOfRun(run, startedAtMs)).toEqual({ status: 'IN_PROGRESS' });
  });
});

describe('a node is not started', () => {
  const node = { identifier: 'late', title: 'Late' };

  test('when the time of the run is over', () => {
    const run = reported(runWith('one'), 'wfnr_0', success);
    expect(startNode(run, node, 'wfnr_x', timesOutAtMs - 1)).toHaveProperty('nodeRun');
    expect(startNode(run, node, 'wfnr_x', timesOutAtMs)).toEqual({ refused: 'timed_out' });
  });

  test('in a run that has had its most', () => {
    const run = runWith(...Array.from({ length: mostNodeRuns }, (_, index) => `n${index}`));
    expect(startNode(run, node, 'wfnr_x', startedAtMs)).toEqual({ refused: 'too_many_nodes' });
  });
});
