import { z } from 'zod';
import { jsonMembers } from '../../core/json-members.ts';
import { RawJson } from '../../core/raw-json.ts';
import type { NodeReport } from '../../core/run.ts';
import { mostOutputBytes } from '../../core/run-limits.ts';
import { type ReportRunDependencies, reportRun } from '../report-run.ts';
import { runsInSight } from '../runs-in-sight.ts';
import { givenJson } from './given-json.ts';
import { isObject } from './node-body.ts';
import { type OperationRequest, type Operations, checkInput, withBody } from './operation.ts';
import { presentNodeRun, presentRun } from './present-run.ts';
import { notFound } from './problem.ts';

/** What a consumer tells about a node's run, its `output` put in as it was written. */
export const reported = z
  .strictObject({
    status: z.enum(['IN_PROGRESS', 'COMPLETED']),
    result: z.enum(['SUCCESS', 'FAILED', 'CANCELLED']).optional(),
    output: givenJson
      .refine(
        ({ text }) => Buffer.byteLength(text) <= mostOutputBytes,
        `has more than ${mostOutputBytes} bytes`,
      )
      .optional(),
    logs: z
      .array(z.strictObject({ logLevel: z.string().min(1).max(32), log: z.string().max(16_384) }))
      .max(500)
      .optional(),
  })
  .superRefine(({ status, result }, context) => {
    const fault =
      status === 'COMPLETED'
        ? result === undefined && 'is missing: SUCCESS, FAILED or CANCELLED'
        : result !== undefined && 'comes with the status COMPLETED alone';
    if (fault) context.addIssue({ code: 'custom', path: ['result'], message: fault });
  });

/** What consumers do with runs: they report how nodes went, by either path, and read how the run stands. */
export function runReportOperations(dependencies: ReportRunDependencies): Operations {
  const { runs, now } = dependencies;
  const patch = withBody(
    ['publisher', 'tenant'],
    z.unknown(),
    async ({ path, body, text, caller }: OperationRequest<unknown>) => {
      const { run, nodeRun } = await reportRun(
        dependencies,
        { runId: path['run'], nodeRunId: path['nodeRun']! },
        readReport(body, text),
        caller,
      );
      return { status: 200, body: presentNodeRun(run, nodeRun, now()) };
    },
  );

  return {
    'GET /v1/workflows/runs/{run}': {
      roles: ['publisher', 'tenant'],
      async run({ path, caller }) {
        const id = path['run']!;
        const [isInSight, run] = await Promise.all([runsInSight(dependencies, caller, id), runs.get(id)]);
        if (!run || !isInSight(run)) throw notFound('run', id);
        return { status: 200, body: presentRun(run, now()) };
      },
    },

    'PATCH /v1/workflows/runs/{run}/nodes/{nodeRun}': patch,
    'PATCH /v1/workflows/nodes/runs/{nodeRun}': patch,
  };
}

/** @throws Problem, 422, that names every fault */
function readReport(body: unknown, text: string): NodeReport {
  const output = isObject(body) ? jsonMembers(text).get('output') : undefined;
  const given = output === undefined ? body : { ...(body as object), output: new RawJson(output) };
  const { status, result, output: raw, logs } = checkInput(reported, given, 'unprocessable');
  const told = { ...(raw && { output: raw.text }), ...(logs && { logs }) };
  return status === 'IN_PROGRESS' ? { ...told, status } : { ...told, status, result: result! };
}
