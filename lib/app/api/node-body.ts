import { z } from 'zod';
import type { ActionNode } from '../../core/action-node.ts';
import { jsonMembers } from '../../core/json-members.ts';
import { RawJson } from '../../core/raw-json.ts';
import { idSchema } from './orgs.ts';

const config = z.strictObject({
  type: z.literal('KAFKA', 'must be KAFKA'),
  payload: z.instanceof(RawJson, { error: 'is missing, give an object or an array of objects' }),
});

/** A Kafka action node as a body gives it, its payload put in as it was written. */
export const nodeSchema = z.strictObject(
  {
    identifier: idSchema.optional(),
    title: z.string().trim().min(1).max(200).optional(),
    config,
  },
  { error: ({ code }) => (code === 'invalid_type' ? 'must be a Kafka action node' : undefined) },
);

/** @param identifier of a node that says none, which is its title too where it has none */
export function nodeOf(body: z.output<typeof nodeSchema>, identifier: string): ActionNode {
  const named = body.identifier ?? identifier;
  return { identifier: named, title: body.title ?? named, payload: body.config.payload.text };
}

/** @param text the node as it was written: numbers of its payload would be rounded */
export function withRawPayload(node: unknown, text: string): unknown {
  if (!isObject(node) || !isObject(node['config'])) return node;
  const payload = jsonMembers(jsonMembers(text).get('config')!).get('payload');
  if (payload === undefined) return node;
  return { ...node, config: { ...node['config'], payload: new RawJson(payload) } };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
