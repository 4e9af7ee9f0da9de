import type { Org } from '../../core/org.ts';
import type { Documents } from '../ports/documents.ts';
import { type NewEvent, type PublishDependencies, publishEvents } from '../publish-events.ts';
import { readNewEvents } from './new-events.ts';
import type { Operations } from './operation.ts';
import { notFound } from './problem.ts';
import { type PublishOnceDependencies, publishOnce } from './publish-once.ts';
import { publishOperation } from './publish-operation.ts';

export interface PublishOperationDependencies extends PublishOnceDependencies {
  readonly orgs: Pick<Documents<Org>, 'get'>;
  readonly pipeline: PublishDependencies;
}

/** Publishes events to endpoints of the path's org. */
export function publishOperations(dependencies: PublishOperationDependencies): Operations {
  const { orgs, pipeline } = dependencies;
  return {
    'POST /v1/orgs/{org}/events': publishOperation(
      (body, text) => ({ events: readNewEvents(body, text), isOne: !Array.isArray(body) }),
      async ({ path, body: { events, isOne }, text, idempotencyKey, traceparent }) => {
        const orgId = path['org']!;
        if (!(await orgs.get(orgId))) throw notFound('org', orgId);
        const data = await publishOnce(
          dependencies,
          { orgId, operation: 'events', text, idempotencyKey, traceparent },
          (call) => publishEvents(pipeline, orgId, events.map(carryOn(traceparent)), call),
        );
        return { status: 202, body: isOne ? data[0] : { data } };
      },
    ),
  };
}

/** With its caller's trace among its headers, unless it has another there itself. */
function carryOn(traceparent: string | undefined) {
  return (event: NewEvent): NewEvent =>
    traceparent === undefined ? event : { ...event, headers: { traceparent, ...event.headers } };
}
