import type { ActionNode } from '../core/action-node.ts';
import type { CallPlace } from '../core/call-place.ts';
import type { EventIds } from '../core/event-id.ts';
import {
  type NodeRun,
  type ReplacedOutputs,
  type Run,
  nodeRunIdOf,
  outputsToReplace,
  runIdOf,
  startNode,
  startRun as newRun,
  withTimeFrom,
  withoutNode,
} from '../core/run.ts';
import { contextOf, nodeEventType, runRecords } from '../core/run-records.ts';
import { givenBytes, mostGivenBytes } from '../core/run-limits.ts';
import { streamHeaders, topicName } from '../core/stream.ts';
import { type Payload, compilePayload } from '../core/templates/payload.ts';
import { renderPayload } from '../core/templates/render-payload.ts';
import { Problem, notFound } from './api/problem.ts';
import type { Runs } from './ports/runs.ts';
import type { RenderedCall } from './publish-records.ts';
import { payloadProblem, runRefused } from './run-problems.ts';

export interface StartRunDependencies {
  readonly runs: Pick<Runs, 'create' | 'update'>;
  readonly eventIds: Pick<EventIds, 'encode'>;
}

/** A node to start: in a new run, or in one that is there. */
export interface RunStart {
  readonly orgId: string;
  readonly node: ActionNode;
  /** Of nodes that are not Fanout's: JSON texts by their identifiers. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly run: NewRun | { readonly id: string };
}

export interface NewRun {
  /** JSON text. */
  readonly inputs?: string;
  readonly workflowIdentifier: string;
  readonly timeoutSeconds: number;
}

/** The call that starts a node: when it is repeated, the same but for the time. */
export interface StartingCall {
  readonly place: CallPlace;
  /** When it was made first, milliseconds since 1970. */
  readonly startedMs: number;
  readonly nowMs: number;
}

export interface StartedRun extends RenderedCall {
  readonly answer: { readonly run_id: string; readonly node_run_id: string };
  /** What those that were given with the node have replaced in its run. */
  readonly replaced: ReplacedOutputs;
}

/**
 * Starts a node: renders its payload, and keeps the run with the node in progress, so that nobody can report about a run
 * before it is there. A call that is repeated changes nothing more.
 * @returns the records that are to be published
 * @throws Problem when the payload cannot be rendered, and when the run is not there or takes no more nodes; nothing is kept then
 */
export async function startRun(
  dependencies: StartRunDependencies,
  start: RunStart,
  call: StartingCall,
): Promise<StartedRun> {
  const payload = compilePayload(start.node.payload);
  if ('faults' in payload) throw payloadProblem(payload.faults);
  const begin = (run: Run) => beginNode(run, start, payload, call);
  const { run, nodeRun, values, replaced } =
    'id' in start.run
      ? await inRun(dependencies, start.orgId, start.run.id, begin)
      : await inNewRun(dependencies, start, start.run, call, begin);
  return {
    topic: topicName(start.orgId, 'runs'),
    records: values.map((value, index) => ({
      key: run.id,
      value,
      headers: streamHeaders(
        dependencies.eventIds.encode(call.startedMs, { ...call.place, index }),
        nodeEventType,
      ),
    })),
    answer: { run_id: run.id, node_run_id: nodeRun.id },
    replaced,
  };
}

/**
 * Gives a new run its time once more, where the records of its first node are published by a repeat of their call: a consumer
 * hears of it only now.
 */
export async function resumeRun(
  { runs }: Pick<StartRunDependencies, 'runs'>,
  run: RunStart['run'],
  { answer }: Pick<StartedRun, 'answer'>,
  nowMs: number,
): Promise<void> {
  if ('id' in run) return;
  await runs.update(answer.run_id, (found) => withTimeFrom(found, run.timeoutSeconds, nowMs));
}

/** Takes a node out of its run of which nothing was published, and what was given with it: nobody would ever report about it. */
export async function withdrawNode(
  { runs }: Pick<StartRunDependencies, 'runs'>,
  { outputs }: Pick<RunStart, 'outputs'>,
  { answer, replaced }: Pick<StartedRun, 'answer' | 'replaced'>,
): Promise<void> {
  await runs.update(answer.run_id, (found) => withoutNode(found, answer.node_run_id, outputs, replaced));
}

/** A node in progress, and the values of its records. */
interface BegunNode {
  readonly run: Run;
  readonly nodeRun: NodeRun;
  readonly values: readonly string[];
  readonly replaced: ReplacedOutputs;
}

async function inNewRun(
  { runs }: StartRunDependencies,
  { orgId, outputs }: RunStart,
  { timeoutSeconds, ...start }: NewRun,
  { place, startedMs, nowMs }: StartingCall,
  begin: (run: Run) => BegunNode,
): Promise<BegunNode> {
  const id = runIdOf(place, startedMs);
  const made = newRun({ id, orgId, outputs, ...start }, timeoutSeconds, startedMs);
  let begun = begin(withTimeFrom(made, timeoutSeconds, nowMs));
  if (await runs.create(begun.run)) return begun;
  // It is there already when this call was given up before its records were kept.
  await runs.update(id, (found) => {
    begun = begin(withTimeFrom(found, timeoutSeconds, nowMs));
    return begun.run;
  });
  return begun;
}

async function inRun(
  { runs }: StartRunDependencies,
  orgId: string,
  id: string,
  begin: (run: Run) => BegunNode,
): Promise<BegunNode> {
  let begun: BegunNode | undefined;
  await runs.update(id, (found) => {
    if (found.orgId !== orgId) return found;
    begun = begin(found);
    return begun.run;
  });
  if (begun === undefined) throw notFound('run', id);
  return begun;
}

function beginNode(
  found: Run,
  { node, outputs }: RunStart,
  payload: Payload,
  { place, startedMs, nowMs }: StartingCall,
): BegunNode {
  const before = withOutputs(found, outputs);
  const id = nodeRunIdOf(place, startedMs);
  const known = before.nodeRuns.find((one) => one.id === id);
  const started = known ? { run: before, nodeRun: known } : startNode(before, node, id, nowMs);
  if ('refused' in started) throw runRefused(before.id, id, started.refused);
  const rendered = renderPayload(payload, contextOf(started.run), startedMs);
  if ('faults' in rendered) throw payloadProblem(rendered.faults);
  const values = runRecords(started.run, started.nodeRun, rendered.records);
  return { ...started, values, replaced: outputsToReplace(found, outputs) };
}

function withOutputs(run: Run, outputs: Readonly<Record<string, string>>): Run {
  if (Object.keys(outputs).length === 0) return run;
  const changed = { ...run, outputs: { ...run.outputs, ...outputs } };
  if (givenBytes(changed) <= mostGivenBytes) return changed;
  throw new Problem(
    'too_large',
    `Inputs and outputs that are given to a run have ${mostGivenBytes} bytes at most, all together.`,
  );
}
