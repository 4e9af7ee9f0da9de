import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import {
  isAtRest,
  newStream,
  rotated,
  type Stream,
  type StreamUser,
  usernameOf,
  wantedAnew,
} from '../../core/stream.ts';
import { sendJob, watchJob } from '../job-watch.ts';
import { type StreamJobDependencies, removeStream } from '../stream-jobs.ts';
import { type Operations, withBody } from './operation.ts';
import { presentStream } from './present-stream.ts';
import { Problem, notFound } from './problem.ts';
import { type SourceTopics, checkStreamNames } from './stream-names.ts';
import { checkPartitions } from './stream-partitions.ts';

const wanted = z.strictObject({ partitions: z.number().int().min(1).max(100).optional() });
const rotation = z.strictObject({
  overlap_seconds: z.number().int().min(0).max(604_800).default(86_400),
});

export interface StreamDependencies extends StreamJobDependencies {
  readonly sources: SourceTopics;
}

/** An org's stream: tenants manage their own, publishers read it. Passwords are answered once, by the call that makes them. */
export function streamOperations(dependencies: StreamDependencies): Operations {
  const { streams, sources, now } = dependencies;
  const accepted = (stream: Stream, more: object = {}) => ({
    status: 202,
    body: { ...presentStream(stream), ...more },
  });
  /** Watched over from before it is written: a message that is never sent is made up for by the sweep. */
  const change = async (orgId: string, make: (found: Stream) => Stream): Promise<Stream | undefined> => {
    await watchJob(dependencies, orgId);
    let isChanged = false;
    const after = await streams.update(orgId, (found) => {
      const made = make(found);
      isChanged ||= made !== found;
      return made;
    });
    if (isChanged) await sendJob(dependencies, orgId);
    return after;
  };

  return {
    'PUT /v1/orgs/{org}/stream': {
      roles: ['tenant'],
      body: wanted,
      emptyBody: {},
      async run({ path, body }) {
        const orgId = path['org']!;
        const { partitions } = body as z.output<typeof wanted>;
        checkStreamNames(sources, orgId);
        const made = newStream(orgId, partitions ?? 1, newUser(orgId), now());
        // Of one that is there, the number of partitions stays as it is, whatever it may be now.
        if (!(await streams.get(orgId)))
          checkPartitions('partitions', 0, made.topics.length, made.partitions);
        await watchJob(dependencies, orgId);
        const outcome = await streams.create(made);
        if (outcome === 'no_org') {
          await dependencies.watch.forget(orgId);
          throw notFound('org', orgId);
        }
        if (outcome === 'created') {
          await sendJob(dependencies, orgId);
          return accepted(made, { password: made.user.password });
        }
        const mended = await change(orgId, (found) => mend(found, partitions, now()));
        // Removed at this moment.
        if (!mended) throw goingAway();
        return accepted(mended);
      },
    },

    'GET /v1/orgs/{org}/stream': {
      roles: ['publisher', 'tenant'],
      async run({ path }) {
        const found = await streams.get(path['org']!);
        if (!found) throw noStream(path['org']!);
        return { status: 200, body: presentStream(found) };
      },
    },

    'POST /v1/orgs/{org}/stream/rotate': {
      ...withBody(['tenant'], rotation, async ({ path, body }) => {
        const user = newUser(path['org']!);
        const changed = await change(path['org']!, (found) => {
          // Written already, by a request whose answer was lost.
          if (found.next?.username === user.username) return found;
          if (found.state !== 'ready') throw notReady(found);
          return rotated(found, user, body.overlap_seconds * 1000, now());
        });
        if (!changed) throw noStream(path['org']!);
        return accepted(changed, { next: user });
      }),
      emptyBody: {},
    },

    'DELETE /v1/orgs/{org}/stream': {
      roles: ['tenant'],
      async run({ path }) {
        const removed = await removeStream(dependencies, path['org']!);
        if (!removed) throw noStream(path['org']!);
        return accepted(removed);
      },
    },
  };
}

/** A stream that is asked for again: what is missing is made. While it is being made, nothing more is to be done. */
function mend(found: Stream, partitions: number | undefined, nowMs: number): Stream {
  if (found.state === 'deleting') throw goingAway();
  if (partitions !== undefined && partitions !== found.partitions) {
    const message = `is ${found.partitions} and cannot change: records of one key would no longer be in order`;
    throw new Problem('conflict', 'The stream has its partitions.', [{ path: 'partitions', message }]);
  }
  return isAtRest(found) ? wantedAnew(found, { state: 'provisioning' }, nowMs) : found;
}

/** A user whom there has not been. Of letters, digits, `-` and `_`, which every client and shell takes as they are. */
function newUser(orgId: string): StreamUser {
  return {
    username: usernameOf(orgId, randomBytes(5).toString('hex')),
    password: randomBytes(32).toString('base64url'),
  };
}

function noStream(orgId: string): Problem {
  return new Problem('not_found', `Org '${orgId}' has no stream: PUT /v1/orgs/${orgId}/stream makes one.`);
}

function goingAway(): Problem {
  return new Problem('conflict', 'The stream is being removed: ask for it again once GET answers 404.');
}

function notReady({ state }: Stream): Problem {
  return new Problem('conflict', `The stream is ${state}: its credentials are rotated once it is ready.`);
}
