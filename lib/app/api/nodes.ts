import { z } from 'zod';
import { type ActionNode, type StoredNode, storedNodeId } from '../../core/action-node.ts';
import { RawJson } from '../../core/raw-json.ts';
import { compilePayload } from '../../core/templates/payload.ts';
import type { Documents } from '../ports/documents.ts';
import { payloadProblem } from '../run-problems.ts';
import { nodeOf, nodeSchema, withRawPayload } from './node-body.ts';
import { checkInput, type Operations, withBody } from './operation.ts';
import { Problem, notFound } from './problem.ts';

export interface NodeDependencies {
  readonly nodes: Documents<StoredNode>;
  readonly now: () => number;
}

/** UTF-8 bytes of a stored payload: it is kept as a string, in which quotes double. */
const mostPayloadBytes = 128 * 1024;

/** An org's stored Kafka action nodes. */
export function nodeOperations({ nodes, now }: NodeDependencies): Operations {
  const save = async (orgId: string, node: ActionNode): Promise<StoredNode> => {
    const id = storedNodeId(orgId, node.identifier);
    const updatedAt = new Date(now()).toISOString();
    for (;;) {
      const changed = await nodes.update(id, (found) => ({ ...found, ...node, updatedAt }));
      if (changed) return changed;
      const made = { ...node, id, orgId, createdAt: updatedAt, updatedAt };
      const outcome = await nodes.create(made);
      if (outcome === 'no_org') throw notFound('org', orgId);
      if (outcome === 'created') return made;
    }
  };

  return {
    'PUT /v1/orgs/{org}/nodes/{node}': withBody(['publisher'], z.unknown(), async ({ path, body, text }) => {
      const node = readNode(path['node']!, body, text);
      return { status: 200, body: present(await save(path['org']!, node)) };
    }),

    'GET /v1/orgs/{org}/nodes/{node}': {
      roles: ['publisher', 'tenant'],
      async run({ path }) {
        const node = await nodes.get(storedNodeId(path['org']!, path['node']!));
        if (!node) throw notFound('node', path['node']!);
        return { status: 200, body: present(node) };
      },
    },

    'DELETE /v1/orgs/{org}/nodes/{node}': {
      roles: ['publisher'],
      async run({ path }) {
        const orgId = path['org']!;
        if (!(await nodes.delete({ id: storedNodeId(orgId, path['node']!), orgId })))
          throw notFound('node', path['node']!);
        return { status: 204 };
      },
    },
  };
}

/** @throws Problem for a node whose payload no run could render, too */
function readNode(identifier: string, body: unknown, text: string): ActionNode {
  const node = nodeOf(checkInput(nodeSchema, withRawPayload(body, text)), identifier);
  if (node.identifier !== identifier) throw invalid('identifier', `must be ${identifier}, as in the path`);
  const bytes = Buffer.byteLength(node.payload);
  if (bytes > mostPayloadBytes) {
    throw invalid('config.payload', `has ${bytes} bytes; the most of a stored node is ${mostPayloadBytes}`);
  }
  const payload = compilePayload(node.payload);
  if ('faults' in payload) throw payloadProblem(payload.faults);
  return node;
}

function invalid(path: string, message: string): Problem {
  return new Problem('invalid_request', '1 field is not valid.', [{ path, message }]);
}

function present({ identifier, title, payload, createdAt, updatedAt }: StoredNode) {
  return {
    identifier,
    title,
    config: { type: 'KAFKA', payload: new RawJson(payload) },
    created_at: createdAt,
    updated_at: updatedAt,
  };
}
