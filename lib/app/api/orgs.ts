import { z } from 'zod';
import type { StoredNode } from '../../core/action-node.ts';
import type { ApiKey } from '../../core/api-key.ts';
import type { Endpoint } from '../../core/endpoint.ts';
import { idPattern } from '../../core/identifiers.ts';
import type { Org } from '../../core/org.ts';
import type { Replay } from '../../core/replay.ts';
import type { Document, Documents } from '../ports/documents.ts';
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
  readonly now: () => number;
}

/** Orgs: operators make and change them, everyone reads his own. */
export function orgOperations(dependencies: OrgDependencies): Operations {
  const { orgs, keys, endpoints, nodes, replays, mappings, streamJobs, now } = dependencies;
  return {
    'POST /v1/orgs': withBody([], newOrg, async ({ body }) => {
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

function present({ id, name, createdAt }: Org) {
  return { id, name, created_at: createdAt };
}
