import { z } from 'zod';
import { tagsMeanNothing, type ResourceKind } from '../resource-kind.ts';
import { startSchedule } from '../schedule.ts';

const functionArn = z.string().regex(/^arn:[^:]*:lambda:/, 'only functions can be targets here');
const expression = z.string().regex(/^rate\(/, 'only rate(…) does');

/** The scheduler fills `<aws.scheduler.scheduled-time>` and its kin into the input; nothing here does. */
const input = z
  .string()
  .refine((text) => !text.includes('<aws.scheduler.'), 'context attributes are not filled in');

const scheduleRuns = z.strictObject({
  Name: z.string().optional(),
  ScheduleExpression: expression,
  FlexibleTimeWindow: z.strictObject({ Mode: z.literal('OFF') }),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  Target: z.strictObject({ Arn: functionArn, Input: input.optional() }),
});

// The scheduler retries when it cannot reach its target, never because a function failed.
const alwaysReachable = 'the target is always reachable';

/** AWS::Scheduler::Schedule */
export const schedule: ResourceKind<z.infer<typeof scheduleRuns>> = {
  file: 'schedule',
  runs: scheduleRuns,
  meansNothingHere: {
    Description: 'for people',
    GroupName: 'groups are for permissions and metrics',
    KmsKeyArn: 'encryption at rest',
    ScheduleExpressionTimezone: 'a rate has no time of day',
    'Target.RoleArn': 'permissions are not checked on this machine',
    'Target.RetryPolicy': alwaysReachable,
    'Target.DeadLetterConfig': alwaysReachable,
  },
  identify: ({ property, generatedName, arn }) => {
    const name = property('Name') ?? generatedName;
    return { ref: name, attributes: { Arn: arn('scheduler', `schedule/default/${name}`) } };
  },
  startsAs: 'schedule',
  start: ({ ref, properties }, { functions, clock, say }) => {
    const { State, ScheduleExpression, Target } = properties;
    if (State === 'DISABLED' || clock) return undefined;
    const target = functions.get(Target.Arn);
    return startSchedule({
      name: ref,
      expression: ScheduleExpression,
      input: Target.Input === undefined ? undefined : JSON.parse(Target.Input),
      invoke: (event) => target.invoke(event),
      say,
    });
  },
};

const ruleRuns = z.strictObject({
  Name: z.string().optional(),
  ScheduleExpression: expression,
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  Targets: z.array(z.strictObject({ Id: z.string(), Arn: functionArn, Input: z.string().optional() })),
});

/** AWS::Events::Rule, with a schedule. One with an event pattern stops the start: there is no event bus here. */
export const scheduledRule: ResourceKind<z.infer<typeof ruleRuns>> = {
  file: 'schedule',
  runs: ruleRuns,
  meansNothingHere: {
    Description: 'for people',
    RoleArn: 'permissions are not checked on this machine',
    'Targets[].RetryPolicy': alwaysReachable,
    'Targets[].DeadLetterConfig': alwaysReachable,
    ...tagsMeanNothing,
  },
  identify: ({ property, generatedName, arn }) => {
    const name = property('Name') ?? generatedName;
    return { ref: name, attributes: { Arn: arn('events', `rule/${name}`) } };
  },
  startsAs: 'schedule',
  start: ({ ref, properties }, { functions, clock, say }) => {
    if (properties.State === 'DISABLED' || clock) return undefined;
    const schedules = properties.Targets.map(({ Id, Arn, Input }) =>
      startSchedule({
        name: `${ref} (${Id})`,
        expression: properties.ScheduleExpression,
        input: Input === undefined ? undefined : JSON.parse(Input),
        invoke: (event) => functions.get(Arn).invoke(event),
        say,
      }),
    );
    return { stop: async () => void (await Promise.all(schedules.map((started) => started.stop()))) };
  },
};
