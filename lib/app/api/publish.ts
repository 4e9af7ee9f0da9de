import { z } from 'zod';
import type { Org } from '../../core/org.ts';
import type { Documents } from '../ports/documents.ts';
import { type PublishDependencies, publishEvents } from '../publish-events.ts';
import { readNewEvents } from './new-events.ts';
import { type Operations, withBody } from './operation.ts';
import { notFound } from './problem.ts';
import { type PublishOnceDependencies, publishOnce } from './publish-once.ts';

export interface PublishOperationDependencies extends PublishOnceDependencies {
  readonly orgs: Pick<Documents<Org>, 'get'>;
  readonly pipeline: PublishDependencies;
}

/** Publishes events to endpoints of the path's org. */
export function publishOperations(dependencies: PublishOperationDependencies): Operations {
  const { orgs, pipeline } = dependencies;
  return {
    'POST /v1/orgs/{org}/events': withBody(
      ['publisher'],
      z.unknown(),
      async ({ path, body, text, idempotencyKey }) => {
        const orgId = path['org']!;
        const events = readNewEvents(body, text);
        if (!(await orgs.get(orgId))) throw notFound('org', orgId);
        const data = await publishOnce(
          dependencies,
          { orgId, operation: 'events', text, idempotencyKey },
          (call) => publishEvents(pipeline, orgId, events, call),
        );
        return { status: 202, body: Array.isArray(body) ? { data } : data[0] };
      },
    ),
  };
}
