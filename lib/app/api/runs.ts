import { type ActionNode, type StoredNode, storedNodeId } from '../../core/action-node.ts';
import type { Documents } from '../ports/documents.ts';
import { type PublishRecordsDependencies, publishRecords } from '../publish-records.ts';
import { topicName } from '../../core/stream.ts';
import { type StartRunDependencies, resumeRun, startRun, withdrawNode } from '../start-run.ts';
import type { Operations } from './operation.ts';
import { notFound } from './problem.ts';
import { publishOperation } from './publish-operation.ts';
import { readRunStart } from './run-body.ts';

export interface RunDependencies extends PublishRecordsDependencies, StartRunDependencies {
  readonly nodes: Pick<Documents<StoredNode>, 'get'>;
}

/** Starts Kafka action nodes: each publishes its payload to the runs of the path's org. */
export function runOperations(dependencies: RunDependencies): Operations {
  const { nodes, now } = dependencies;
  const resolve = async (orgId: string, node: ActionNode | string): Promise<ActionNode> => {
    if (typeof node !== 'string') return node;
    const stored = await nodes.get(storedNodeId(orgId, node));
    if (!stored) throw notFound('node', node);
    return stored;
  };

  return {
    'POST /v1/orgs/{org}/runs': publishOperation(
      readRunStart,
      async ({ path, body: { node, ...start }, text, idempotencyKey, traceparent }) => {
        const orgId = path['org']!;
        const { topic, places, answer } = await publishRecords(
          dependencies,
          { orgId, operation: 'runs', topic: topicName(orgId, 'runs'), text, idempotencyKey, traceparent },
          async (startedMs, place) =>
            startRun(
              dependencies,
              { orgId, node: await resolve(orgId, node), ...start },
              { place, startedMs, nowMs: now() },
            ),
          {
            resume: (started) => resumeRun(dependencies, start.run, started, now()),
            withdraw: (started) => withdrawNode(dependencies, start, started),
          },
        );
        return { status: 202, body: { ...answer, topic, records: places } };
      },
    ),
  };
}
