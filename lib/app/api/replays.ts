import { z } from 'zod';
import type { Endpoint } from '../../core/endpoint.ts';
import type { Org } from '../../core/org.ts';
import { type Replay, replayedStates } from '../../core/replay.ts';
import type { Documents } from '../ports/documents.ts';
import {
  type ReplayJobDependencies,
  createReplay,
  mostRunning,
  sendReplay,
  watchReplay,
} from '../replay-jobs.ts';
import { eventTypeSchema, timeSchema } from './event-query.ts';
import { listOfOrg } from './listing.ts';
import { type Operations, withBody } from './operation.ts';
import { idSchema } from './orgs.ts';
import { withRules } from './place-query.ts';
import { Problem, notFound } from './problem.ts';
import { rfc3339 } from './rfc3339.ts';

export interface ReplayDependencies extends ReplayJobDependencies {
  readonly orgs: Pick<Documents<Org>, 'get'>;
  readonly endpoints: Pick<Documents<Endpoint>, 'get'>;
}

const mostSpanMs = 366 * 86_400_000;
const spanOf = ({ since, until }: { since?: unknown; until?: unknown }) =>
  typeof since === 'number' && typeof until === 'number' ? until - since : undefined;

const newReplay = withRules(
  z.strictObject({
    endpoint_id: idSchema.optional(),
    since: timeSchema,
    until: timeSchema,
    event_type: eventTypeSchema.optional(),
    states: z
      .array(z.enum(replayedStates, `must be one of: ${replayedStates.join(', ')}`))
      .min(1)
      .default(['failed']),
    rate: z.number('must be a whole number from 1 to 1000').int().min(1).max(1000).default(50),
  }),
  [
    {
      path: 'until',
      message: 'must be later than since',
      holds: (body) => (spanOf(body) ?? 1) > 0,
    },
    {
      path: 'until',
      message: 'must be 366 days after since at most',
      holds: (body) => (spanOf(body) ?? 1) <= mostSpanMs,
    },
    {
      path: 'endpoint_id',
      message: 'is needed for never_attempted',
      holds: ({ states, endpoint_id: id }) =>
        id !== undefined || !Array.isArray(states) || !states.includes('never_attempted'),
    },
  ],
);

/** Replays of all that matches, at a bounded speed. */
export function replayOperations(dependencies: ReplayDependencies): Operations {
  const { replays, watch, orgs, endpoints, now } = dependencies;
  const ofOrg = async ({ org, replay: id }: Readonly<Record<string, string>>): Promise<Replay> => {
    const found = await replays.get(id!);
    if (!found || found.orgId !== org) throw notFound('replay', id!);
    return found;
  };
  /** @throws Problem when the org has as many replays running as may be */
  const checkRoom = async (orgId: string): Promise<void> => {
    if ((await watch.running(orgId, mostRunning)) < mostRunning) return;
    const detail = `${mostRunning} replays of the org are running, which is the most: wait until one is done, or stop one.`;
    throw new Problem('conflict', detail);
  };
  const changeState = async (replay: Replay, state: 'running' | 'stopped'): Promise<Replay> => {
    const changed = await replays.update(replay.id, (found) =>
      found.state === 'done' || found.state === state
        ? found
        : { ...found, state, updatedAt: new Date(now()).toISOString() },
    );
    if (!changed) throw notFound('replay', replay.id);
    return changed;
  };

  return {
    'POST /v1/orgs/{org}/replays': withBody(['tenant'], newReplay, async ({ path, body }) => {
      const orgId = path['org']!;
      const { endpoint_id: endpointId, event_type: eventType, since: sinceMs, states, rate } = body;
      if (endpointId !== undefined && (await endpoints.get(endpointId))?.orgId !== orgId)
        throw notFound('endpoint', endpointId);
      await checkRoom(orgId);
      const scope = {
        kind: 'replay' as const,
        ...(endpointId !== undefined && { endpointId }),
        sinceMs,
        // What comes later is not part of it.
        untilMs: Math.max(Math.min(body.until, now()), sinceMs + 1),
        ...(eventType !== undefined && { eventType }),
        states,
      };
      const replay = await createReplay(dependencies, { orgId, scope, rate });
      if (!replay) throw notFound('org', orgId);
      await sendReplay(dependencies, replay);
      return { status: 202, body: present(replay) };
    }),

    'GET /v1/orgs/{org}/replays': {
      roles: ['tenant'],
      run: ({ path, query }) => listOfOrg(replays, orgs, query, path['org']!, present),
    },

    'GET /v1/orgs/{org}/replays/{replay}': {
      roles: ['tenant'],
      run: async ({ path }) => ({ status: 200, body: present(await ofOrg(path)) }),
    },

    'DELETE /v1/orgs/{org}/replays/{replay}': {
      roles: ['tenant'],
      async run({ path }) {
        const stopped = await changeState(await ofOrg(path), 'stopped');
        await watch.forget(stopped.id);
        return { status: 200, body: present(stopped) };
      },
    },

    'POST /v1/orgs/{org}/replays/{replay}/resume': {
      roles: ['tenant'],
      async run({ path }) {
        const found = await ofOrg(path);
        if (found.state === 'stopped' && found.scope.kind === 'replay') await checkRoom(found.orgId);
        const running = await changeState(found, 'running');
        if (running.state === 'done') throw new Problem('conflict', 'The replay is done.');
        await watchReplay(dependencies, running);
        await sendReplay(dependencies, running);
        return { status: 202, body: present(running) };
      },
    },
  };
}

function present({ id, scope, rate, state, considered, replayed, createdAt, updatedAt }: Replay) {
  return {
    id,
    kind: scope.kind,
    ...(scope.endpointId !== undefined && { endpoint_id: scope.endpointId }),
    ...(scope.kind === 'replay' && {
      since: rfc3339(scope.sinceMs),
      until: rfc3339(scope.untilMs),
      ...(scope.eventType !== undefined && { event_type: scope.eventType }),
      states: scope.states,
    }),
    rate,
    state,
    considered,
    replayed,
    created_at: createdAt,
    updated_at: updatedAt,
  };
}
