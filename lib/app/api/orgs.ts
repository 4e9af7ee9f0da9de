import { z } from 'zod';
import type { StoredNode } from '../../core/action-node.ts';
import type { ApiKey } from '../../core/api-key.ts';
import type { Endpoint } from '../../core/endpoint.ts';
import { idPattern } from '../../core/identifiers.ts';
import type { Org } from '../../core/org.ts';
import type { Replay } from '../../core/replay.ts';
import type { Document, Documents } from '../ports/documents.ts';
import type { FormerOrgs } from '../ports/former-orgs.ts';
import type { OrgTopicMapping } from '../ports/topic-mappings.ts';
import { type StreamJobDependencies, removeStream } from '../stream-jobs.ts';
import { listDocuments } from './listing.ts';
import { type Operations, withBody } from './operation.ts';
import { Problem, notFound } from './problem.ts';

/** An id that a caller may choose. */
export const idSchema = z
  .string()
  .regex(idPattern, 'must be 1 to 64 letters, digits, _ and -, and begin with a letter or digit');
const name = z.string().trim().min(1).max(200);
const newOrg = z.strictObject({ id: idSchema, name });
const orgChange = z.strictObject({ name });

export interface OrgDependencies {
  readonly orgs: Documents<Org>;
  readonly keys: Documents<ApiKey>;
  readonly endpoints: Documents<Endpoint>;
  readonly nodes: Documents<StoredNode>;
  readonly replays: Documents<Replay>;
  readonly mappings: Documents<OrgTopicMapping>;
  readonly streamJobs: StreamJobDependencies;
  readonly formerOrgs: FormerOrgs;
  /** How long events are kept. */
  readonly retentionDays: number;
  readonly now: () => number;
}

const dayMs = 86_400_000;
/** Runs are kept as long as events after their time-out, which is a week away at most; clocks and deletions may lag a day. */
const runDays = 8;

/** Orgs: operators make and change them, everyone reads his own. */
export function orgOperations(dependencies: OrgDependencies): Operations {
  const { orgs, keys, endpoints, nodes, replays, mappings, streamJobs, formerOrgs, now } = dependencies;
  // Events, given ids, deliveries, runs and answers to repeats are found by the org's id: one that is made anew under it would
  // meet those of the former one. So an id rests until nothing is kept under it, and no reader has to ask whose it was.
  const restMs = (dependencies.retentionDays + runDays) * dayMs;
  return {
    'POST /v1/orgs': withBody([], newOrg, async ({ body }) => {
      const keptUntilMs = (await formerOrgs.keptUntilMs(body.id)) ?? 0;
      if (keptUntilMs > now()) throw stillKept(body.id, keptUntilMs);
      const org: Org = { ...body, createdAt: new Date(now()).toISOString() };
      if ((await orgs.create(org)) === 'exists')
        throw new Problem('conflict', `There is an org '${org.id}' already.`);
      return { status: 201, body: present(org) };
    }),

    'GET /v1/orgs': {
      roles: [],
      run: ({ query }) => listDocuments(orgs, query, undefined, present),
    },

    'GET /v1/orgs/{org}': {
      roles: ['publisher', 'tenant'],
      async run({ path }) {
        const org = await orgs.get(path['org']!);
        if (!org) throw notFound('org', path['org']!);
        return { status: 200, body: present(org) };
      },
    },

    'PATCH /v1/orgs/{org}': withBody([], orgChange, async ({ path, body }) => {
      const org = await orgs.update(path['org']!, (found) => ({ ...found, ...body }));
      if (!org) throw notFound('org', path['org']!);
      return { status: 200, body: present(org) };
    }),

    'DELETE /v1/orgs/{org}': {
      roles: [],
      async run({ path }) {
        const id = path['org']!;
        if ((await endpoints.list({ orgId: id, limit: 1 })).items.length > 0) {
          throw new Problem('conflict', `Org '${id}' still has endpoints; delete them first.`);
        }
        if (await streamJobs.streams.get(id))
          throw new Problem('conflict', `Org '${id}' still has a stream; delete it first.`);
        // From before it is gone.
        if (await orgs.get(id)) await formerOrgs.keep(id, now() + restMs);
        // The org first: without it no key, no endpoint and no stream is made. A repeat of the call deletes what was left.
        const deleted = await orgs.delete({ id });
        await deleteAll(keys, id);
        await deleteAll(endpoints, id);
        await deleteAll(nodes, id);
        await deleteAll(replays, id);
        await mappings.delete({ id, orgId: id });
        await removeStream(streamJobs, id);
        if (!deleted) throw notFound('org', id);
        return { status: 204 };
      },
    },
  };
}

/** Deletes all documents of an org. */
async function deleteAll<T extends Document>(documents: Documents<T>, orgId: string): Promise<void> {
  let cursor: string | undefined;
  do {
    const page = await documents.list({ orgId, limit: 100, cursor });
    await Promise.all(page.items.map(({ id }) => documents.delete({ id, orgId })));
    cursor = page.nextCursor;
  } while (cursor);
}

function stillKept(id: string, untilMs: number): Problem {
  const until = new Date(untilMs).toISOString();
  return new Problem(
    'conflict',
    `An org '${id}' was deleted, and what it published is kept: its id is free from ${until} on. Take another id until then.`,
  );
}

function present({ id, name, createdAt }: Org) {
  return { id, name, created_at: createdAt };
}
