import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { stageSettings } from '../../infra/stages.ts';
import { stageTemplates } from './stage-templates.ts';

const { stacks, template } = stageTemplates();
const production = stageSettings('production');

interface Mapping {
  readonly FunctionName: { readonly Ref: string };
  readonly EventSourceArn: unknown;
  readonly BatchSize: number;
  readonly FunctionResponseTypes?: readonly string[];
  readonly ScalingConfig?: { readonly MaximumConcurrency: number };
  readonly Topics?: readonly string[];
}
interface Queue {
  readonly VisibilityTimeout: number;
  readonly RedrivePolicy?: { readonly maxReceiveCount: number };
}

const propertiesOf = <Properties>(resources: Record<string, Record<string, unknown>>) =>
  Object.entries(resources).map(([id, { Properties }]) => [id, Properties as Properties] as const);

/** Every mapping of a queue in the stage, with the time-out of its function and the queue itself. */
const queueMappings = () => {
  const templates = stacks(production).map((stack) => Template.fromStack(stack));
  const queues = templates.flatMap((each) => propertiesOf<Queue>(each.findResources('AWS::SQS::Queue')));
  return templates.flatMap((each) => {
    const functions = new Map(propertiesOf<{ Timeout: number }>(each.findResources('AWS::Lambda::Function')));
    return propertiesOf<Mapping>(each.findResources('AWS::Lambda::EventSourceMapping'))
      .filter(([, { Topics }]) => !Topics)
      .map(([id, mapping]) => {
        const arn = JSON.stringify(mapping.EventSourceArn);
        const [, queue] = queues.find(([queueId]) => arn.includes(queueId))!;
        return { id, mapping, queue, seconds: functions.get(mapping.FunctionName.Ref)!.Timeout };
      });
  });
};

describe('a queue and the function that reads it fit each other', () => {
  test('each repeats what failed and nothing else, has a bound, and puts aside what cannot be read', () => {
    expect(queueMappings()).toHaveLength(5);
    for (const { id, mapping, queue } of queueMappings()) {
      expect(mapping.FunctionResponseTypes, id).toEqual(['ReportBatchItemFailures']);
      expect(mapping.ScalingConfig?.MaximumConcurrency, id).toBeGreaterThanOrEqual(2);
      expect(queue.RedrivePolicy?.maxReceiveCount, id).toBeGreaterThanOrEqual(10);
    }
  });

  test('a wake-up stays hidden for six times what its function may take, so that none is attempted twice at once', () => {
    const deliver = queueMappings().filter(({ mapping }) => mapping.BatchSize > 1);
    expect(deliver).toHaveLength(2);
    for (const { id, queue, seconds } of deliver)
      expect(queue.VisibilityTimeout, id).toBeGreaterThanOrEqual(6 * seconds);
  });

  // A job is taken with a lease of 35 s: its message may come twice, and must not come before the lease is over.
  test('a job stays hidden for longer than its function may take and than its lease, and no longer than a minute', () => {
    const jobs = queueMappings().filter(({ mapping }) => mapping.BatchSize === 1);
    expect(jobs).toHaveLength(3);
    for (const { id, queue, seconds } of jobs) {
      expect(queue.VisibilityTimeout, id).toBeGreaterThan(Math.max(seconds, 35));
      expect(queue.VisibilityTimeout, id).toBeLessThanOrEqual(60);
    }
  });
});

test('sources on our own cluster share their pollers', () => {
  template(production, 'Ingest').allResourcesProperties('AWS::Lambda::EventSourceMapping', {
    ProvisionedPollerConfig: {
      MinimumPollers: 1,
      MaximumPollers: 4,
      PollerGroupName: 'fanout-production-ingest',
    },
  });
});

test('connections to our brokers are bounded: by what is reserved for publishing, and by provisioning’s mapping', () => {
  const { publishConcurrency } = production;
  template(production, 'Publish').allResourcesProperties('AWS::Lambda::Function', {
    ReservedConcurrentExecutions: publishConcurrency,
  });
  template(production, 'Streams').hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    ScalingConfig: { MaximumConcurrency: 5 },
  });
});
