import { z } from 'zod';
import { nodeRunIdPattern, runIdPattern } from '../../../core/run.ts';
import { nodeSchema } from '../node-body.ts';
import { idSchema } from '../orgs.ts';
import { inlineStart, storedStart } from '../run-body.ts';
import { reported } from '../run-reports.ts';
import { type Descriptions, type FieldNotes, type NamedSchema, time } from './description.ts';

const runId = z.string().regex(runIdPattern);
const nodeRunId = z.string().regex(nodeRunIdPattern);
const status = z
  .enum(['IN_PROGRESS', 'COMPLETED', 'TIMED_OUT'])
  .describe('A run is COMPLETED once all of its nodes are.');
const result = z.enum(['SUCCESS', 'FAILED', 'CANCELLED']).optional();

const storedNode: NamedSchema = {
  name: 'Node',
  schema: z.object({
    identifier: idSchema,
    title: z.string(),
    config: z.object({ type: z.literal('KAFKA'), payload: z.unknown() }),
    created_at: time,
    updated_at: time,
  }),
};

const nodeRunFields = {
  id: nodeRunId,
  workflowRunId: runId,
  nodeIdentifier: z.string(),
  nodeTitle: z.string(),
  status,
  result,
  output: z.unknown().optional(),
  createdAt: time,
  updatedAt: time,
  completedAt: time.optional(),
};
const nodeRun: NamedSchema = { name: 'NodeRun', schema: z.object(nodeRunFields) };
const run: NamedSchema = {
  name: 'Run',
  schema: z.object({
    id: runId,
    orgId: idSchema,
    workflowIdentifier: z.string(),
    status,
    result,
    createdAt: time,
    timesOutAt: time.describe('A run that is not completed by then is TIMED_OUT.'),
    inputs: z.record(z.string(), z.unknown()),
    outputs: z.record(z.string(), z.unknown()),
    nodeRuns: z.array(
      z.object({
        ...nodeRunFields,
        logs: z.array(z.object({ logLevel: z.string(), log: z.string(), createdAt: time })),
        droppedLogs: z.int().describe('Older lines that made room, or did not fit in here.'),
      }),
    ),
  }),
};
const started: NamedSchema = {
  name: 'StartedRun',
  schema: z.object({
    run_id: runId,
    node_run_id: nodeRunId,
    topic: z.string(),
    records: z.array(z.object({ partition: z.int(), offset: z.string() })),
  }),
};

/** What a payload may be; templates in it are checked one by one. */
const payload = {
  type: ['object', 'array'],
  items: { type: 'object' },
  minItems: 1,
  description:
    'An object, or an array that makes a record of each element. Texts may hold templates: `{{ .outputs.trigger.service }}`.',
};
const nodeNotes: FieldNotes = { 'config.payload': payload };
const startNotes: FieldNotes = {
  inputs: { type: 'object', description: 'What templates see as `.inputs`.' },
  outputs:
    'Of nodes that are not Fanout’s, by their identifiers: what templates see as `.outputs`. 128 KiB with `inputs`.',
  workflow: "The workflow's identifier.",
  timeout_seconds: 'Seconds until a run that is not completed reads as timed out; a day without it.',
  run_id: 'A run that is there, to which the node is added. It keeps its inputs, workflow and time-out.',
};

/** Bodies of runs by parts. */
export const runSchemasByName: readonly NamedSchema[] = [
  { name: 'InlineNodeStart', schema: inlineStart, fields: startNotes },
  {
    name: 'StoredNodeStart',
    schema: storedStart,
    fields: { ...startNotes, node: "A stored node's identifier." },
  },
];

const templated = {
  type: 'KAFKA',
  payload: {
    service: '{{ .outputs.trigger.service }}',
    version: '{{ .outputs["build-image"].tag // "latest" }}',
    timestamp: '{{ now | date "2006-01-02T15:04:05Z" }}',
  },
};
const report = {
  tag: 'Runs',
  description: 'The report that completes a node may be repeated; another is a 409.',
  body: {
    name: 'NodeReport',
    schema: reported,
    fields: {
      result: 'Needed with COMPLETED, and only then.',
      output: 'Any JSON of up to 128 KiB; replaces the one before.',
      logs: 'Added to those before; the last 64 KiB are kept.',
    },
    examples: {
      progress: { status: 'IN_PROGRESS', logs: [{ logLevel: 'INFO', log: 'Deploying billing' }] },
      done: { status: 'COMPLETED', result: 'SUCCESS', output: { processedAt: '2024-01-15T10:30:00Z' } },
    },
  },
  answer: { status: 200, description: "The node's run.", schema: nodeRun },
  problems: ['unprocessable', 'conflict'],
} as const;

export const runDescriptions: Descriptions = {
  'PUT /v1/orgs/{org}/nodes/{node}': {
    id: 'putNode',
    tag: 'Runs',
    summary: 'Store a Kafka action node',
    body: {
      name: 'NewNode',
      schema: nodeSchema,
      fields: {
        ...nodeNotes,
        identifier: 'Of a stored node as in the path.',
        title: 'The identifier without it.',
      },
      examples: { node: { title: 'Publish to Kafka', config: templated } },
    },
    answer: { status: 200, description: 'The node.', schema: storedNode },
    problems: ['template_error'],
  },
  'GET /v1/orgs/{org}/nodes/{node}': {
    id: 'getNode',
    tag: 'Runs',
    summary: 'Read a stored node',
    answer: { status: 200, description: 'The node.', schema: storedNode },
  },
  'DELETE /v1/orgs/{org}/nodes/{node}': {
    id: 'deleteNode',
    tag: 'Runs',
    summary: 'Delete a stored node',
    answer: { status: 204, description: 'It is gone.' },
  },
  'POST /v1/orgs/{org}/runs': {
    id: 'startRun',
    tag: 'Runs',
    summary: 'Start a node: its payload is rendered and published to `<org>.runs`',
    body: {
      name: 'RunStart',
      schema: z.union([inlineStart, storedStart]),
      examples: {
        stored: {
          node: 'publish-event',
          workflow: 'deploy',
          outputs: { trigger: { service: 'billing' } },
        },
        inline: {
          node: {
            identifier: 'notify',
            config: { type: 'KAFKA', payload: [{ channel: 'slack' }, { channel: 'email' }] },
          },
          inputs: { requestedBy: 'jane' },
          timeout_seconds: 3600,
        },
      },
    },
    answer: {
      status: 202,
      description: 'The run, and where its records are: all in-sync replicas have them.',
      schema: started,
    },
    problems: ['template_error', 'conflict'],
  },
  'GET /v1/workflows/runs/{run}': {
    id: 'getRun',
    tag: 'Runs',
    summary: 'Read how a run stands',
    answer: { status: 200, description: 'The run with the runs of its nodes.', schema: run },
  },
  'PATCH /v1/workflows/runs/{run}/nodes/{nodeRun}': {
    ...report,
    id: 'reportNodeOfRun',
    summary: 'Report how a node went',
  },
  'PATCH /v1/workflows/nodes/runs/{nodeRun}': {
    ...report,
    id: 'reportNode',
    summary: 'Report how a node went, without the id of the run',
  },
};
