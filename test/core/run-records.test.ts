import { expect, test } from 'vitest';
import { type Run, report, startNode, startRun } from '../../lib/core/run.ts';
import { contextOf, runRecords } from '../../lib/core/run-records.ts';
import { compilePayload } from '../../lib/core/templates/payload.ts';
import { renderPayload } from '../../lib/core/templates/render-payload.ts';

const nowMs = Date.parse('2024-01-15T10:30:00Z');

const started = startRun(
  {
    id: 'wfr_0123456789abcdef',
    orgId: 'acme',
    workflowIdentifier: 'deploy',
    inputs: '{"amount":12345678901234567890}',
    outputs: { trigger: '{"price":1.10}', build: '"given"' },
  },
  60,
  nowMs,
);

function startedNode(run: Run, identifier: string, id: string) {
  const node = startNode(run, { identifier, title: 'Publish to Kafka' }, id, nowMs);
  if ('refused' in node) throw new Error(node.refused);
  return node;
}

function withOutput(run: Run, identifier: string, id: string, output: string): Run {
  const { run: inProgress } = startedNode(run, identifier, id);
  const outcome = report(inProgress, id, { status: 'COMPLETED', result: 'SUCCESS', output }, nowMs);
  if (outcome.outcome === 'refused') throw new Error(outcome.reason);
  return outcome.run;
}

test('a record has the payload, the run, and where in the run it comes from', () => {
  const { run, nodeRun } = startedNode(started, 'publish-event', 'wfnr_0123456789abcdef');

  const records = runRecords(run, nodeRun, ['{"a":1.10}', '{"b":12345678901234567890}']);

  expect(records).toEqual([
    '{"payload":{"a":1.10},"workflowRun":{"id":"wfr_0123456789abcdef","workflowIdentifier":"deploy","status":"IN_PROGRESS","createdAt":"2024-01-15T10:30:00.000Z"},"context":{"orgId":"acme","workflowRunId":"wfr_0123456789abcdef","nodeRunId":"wfnr_0123456789abcdef","nodeIdentifier":"publish-event","nodeTitle":"Publish to Kafka","index":0,"count":2}}',
    '{"payload":{"b":12345678901234567890},"workflowRun":{"id":"wfr_0123456789abcdef","workflowIdentifier":"deploy","status":"IN_PROGRESS","createdAt":"2024-01-15T10:30:00.000Z"},"context":{"orgId":"acme","workflowRunId":"wfr_0123456789abcdef","nodeRunId":"wfnr_0123456789abcdef","nodeIdentifier":"publish-event","nodeTitle":"Publish to Kafka","index":1,"count":2}}',
  ]);
});

test('templates see the inputs, the outputs and the run', () => {
  expect(contextOf(started)).toBe(
    '{"inputs":{"amount":12345678901234567890},"outputs":{"trigger":{"price":1.10},"build":"given"},"workflowRun":{"id":"wfr_0123456789abcdef","workflowIdentifier":"deploy","status":"IN_PROGRESS","createdAt":"2024-01-15T10:30:00.000Z"}}',
  );
  const { inputs, ...bare } = started;
  expect(contextOf(bare)).toMatch(/^\{"inputs":\{\},/);
});

test('what a node reported is seen by later ones, the last report of a node first', () => {
  let run = withOutput(started, 'publish-event', 'wfnr_1', '{"id":9007199254740993}');
  run = withOutput(run, 'build', 'wfnr_2', '"first"');
  run = withOutput(run, 'build', 'wfnr_3', '"second"');
  run = withOutput(run, '__proto__', 'wfnr_4', '[0.10]');
  run = startedNode(run, 'silent', 'wfnr_5').run;

  const payload = compilePayload(
    `{"id":"{{ .outputs[\\"publish-event\\"].id }}","build":"{{ .outputs.build }}","proto":"{{ .outputs.__proto__[0] }}",
      "silent":"{{ .outputs.silent }}","price":"{{ .outputs.trigger.price }}","amount":"{{ .inputs.amount }}","run":"run {{ .workflowRun.id }}"}`,
  );
  const rendered = 'faults' in payload ? payload : renderPayload(payload, contextOf(run), nowMs);

  expect(rendered).toEqual({
    records: [
      '{"id":9007199254740993,"build":"second","proto":0.10,"silent":null,"price":1.10,"amount":12345678901234567890,"run":"run wfr_0123456789abcdef"}',
    ],
  });
});
