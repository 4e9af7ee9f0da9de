import { z } from 'zod';
import { type ApiKey, newApiKey } from '../../core/api-key.ts';
import type { Org } from '../../core/org.ts';
import type { Documents } from '../ports/documents.ts';
import { listDocuments, listOfOrg } from './listing.ts';
import { type Operations, withBody } from './operation.ts';
import { notFound } from './problem.ts';

const name = z.string().trim().min(1).max(100);
const newOperatorKey = z.strictObject({ name });
const newOrgKey = z.strictObject({ name, role: z.enum(['publisher', 'tenant']) });

export interface KeyDependencies {
  readonly keys: Documents<ApiKey>;
  readonly orgs: Pick<Documents<Org>, 'get'>;
  readonly now: () => number;
}

/** Keys are made and deleted by operators. A key is shown once, in the answer that made it. */
export function keyOperations({ keys, orgs, now }: KeyDependencies): Operations {
  const create = async (fields: Pick<ApiKey, 'name' | 'role' | 'orgId'>) => {
    const { id, key, hash } = newApiKey();
    const kept: ApiKey = { id, ...fields, hash, createdAt: new Date(now()).toISOString() };
    if ((await keys.create(kept)) === 'no_org') throw notFound('org', fields.orgId!);
    return { status: 201, body: { ...present(kept), key } };
  };
  const remove = async (id: string, orgId: string | undefined) => {
    if (!(await keys.delete({ id, orgId }))) throw notFound('key', id);
    return { status: 204 };
  };

  return {
    'POST /v1/keys': withBody([], newOperatorKey, ({ body }) => create({ ...body, role: 'operator' })),
    'GET /v1/keys': { roles: [], run: ({ query }) => listDocuments(keys, query, '-', present) },
    'DELETE /v1/keys/{key}': { roles: [], run: ({ path }) => remove(path['key']!, undefined) },
    'POST /v1/orgs/{org}/keys': withBody([], newOrgKey, ({ body, path }) =>
      create({ ...body, orgId: path['org']! }),
    ),
    'GET /v1/orgs/{org}/keys': {
      roles: [],
      run: ({ query, path }) => listOfOrg(keys, orgs, query, path['org']!, present),
    },
    'DELETE /v1/orgs/{org}/keys/{key}': { roles: [], run: ({ path }) => remove(path['key']!, path['org']) },
  };
}

function present({ id, orgId, name, role, createdAt }: ApiKey) {
  return { id, ...(orgId && { org: orgId }), name, role, created_at: createdAt };
}
