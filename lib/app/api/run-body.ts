import { z } from 'zod';
import { jsonMembers } from '../../core/json-members.ts';
import { RawJson } from '../../core/raw-json.ts';
import { runIdPattern } from '../../core/run.ts';
import { givenBytes, mostGivenBytes } from '../../core/run-limits.ts';
import type { RunStart } from '../start-run.ts';
import { givenJson } from './given-json.ts';
import { isObject, nodeOf, nodeSchema, withRawPayload } from './node-body.ts';
import { checkInput } from './operation.ts';
import { idSchema } from './orgs.ts';

/** What a body starts: a node as it stands there, or a stored one by its identifier. */
export type GivenStart = Omit<RunStart, 'orgId' | 'node'> & { readonly node: RunStart['node'] | string };

/** Of an inline node that says none. */
const inlineIdentifier = 'kafka';
const defaultTimeoutSeconds = 86_400;

/** A node of the workflow, whatever it is called elsewhere. */
const nodeName = /^\P{Cc}{1,200}$/u;
const outputs = z
  .record(z.string(), givenJson)
  .refine((given) => Object.keys(given).length <= 100, 'has more than 100 nodes')
  .refine(
    (given) => Object.keys(given).every((name) => nodeName.test(name)),
    'must have names of 1 to 200 characters, none of them a control character',
  );

const fields = {
  inputs: givenJson.refine(({ text }) => text.startsWith('{'), 'must be an object').optional(),
  outputs: outputs.default({}),
  workflow: z.string().trim().min(1).max(200).optional(),
  timeout_seconds: z.number().int().min(1).max(604_800).optional(),
  run_id: z.string().regex(runIdPattern, 'must be the id of a run').optional(),
};

/** What is said of a run once, when it starts. */
const ofTheRun = ['inputs', 'workflow', 'timeout_seconds'] as const;

function startSchema<Node extends z.ZodType>(node: Node) {
  return z
    .strictObject({ ...fields, node })
    .superRefine((body: z.output<z.ZodObject<typeof fields>>, context) => {
      if (givenBytes(givenTexts(body)) > mostGivenBytes) {
        const message = `inputs and outputs have more than ${mostGivenBytes} bytes together`;
        context.addIssue({ code: 'custom', message });
      }
      for (const path of body.run_id === undefined
        ? []
        : ofTheRun.filter((name) => body[name] !== undefined)) {
        const message = 'is said when a run starts, and cannot change with run_id';
        context.addIssue({ code: 'custom', path: [path], message });
      }
    });
}

/** A start of a node that stands in the body, and of a stored one. */
export const inlineStart = startSchema(nodeSchema);
export const storedStart = startSchema(idSchema);

/**
 * @param text the body as it was sent
 * @throws Problem that names every fault
 */
export function readRunStart(body: unknown, text: string): GivenStart {
  const given = withRawJson(body, text);
  if (isObject(given) && typeof given['node'] === 'string') {
    const read = checkInput(storedStart, given);
    return { node: read.node, ...startOf(read, read.node) };
  }
  const read = checkInput(inlineStart, given);
  const node = nodeOf(read.node, inlineIdentifier);
  return { node, ...startOf(read, node.identifier) };
}

/** What templates see, as it was written: numbers would be rounded. */
function withRawJson(body: unknown, text: string): unknown {
  if (!isObject(body)) return body;
  const texts = jsonMembers(text);
  const raw = (name: string) => texts.has(name) && { [name]: new RawJson(texts.get(name)!) };
  return {
    ...body,
    ...raw('inputs'),
    ...(isObject(body['outputs']) && { outputs: rawMembers(texts.get('outputs')!) }),
    ...(isObject(body['node']) && { node: withRawPayload(body['node'], texts.get('node')!) }),
  };
}

function rawMembers(text: string): Record<string, RawJson> {
  return Object.fromEntries([...jsonMembers(text)].map(([name, value]) => [name, new RawJson(value)]));
}

type Given = z.output<z.ZodObject<typeof fields>>;

function givenTexts({ inputs, outputs: given }: Pick<Given, 'inputs' | 'outputs'>) {
  return {
    ...(inputs && { inputs: inputs.text }),
    outputs: Object.fromEntries(Object.entries(given).map(([node, { text }]) => [node, text])),
  };
}

/** @param nodeIdentifier what a run of one node is called, where nothing else is said */
function startOf(body: Given, nodeIdentifier: string): Omit<GivenStart, 'node'> {
  const { outputs: given, ...inputs } = givenTexts(body);
  if (body.run_id !== undefined) return { outputs: given, run: { id: body.run_id } };
  const run = {
    ...inputs,
    workflowIdentifier: body.workflow ?? nodeIdentifier,
    timeoutSeconds: body.timeout_seconds ?? defaultTimeoutSeconds,
  };
  return { outputs: given, run };
}
