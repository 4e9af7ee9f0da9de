import { z } from 'zod';

const texts = z.array(z.string());
const msk = { kind: z.literal('msk') };
const secret = z.strictObject({ secretArn: z.string(), keyArn: z.string().optional() });
const selfManaged = z.strictObject({
  kind: z.literal('self-managed'),
  bootstrapServers: texts,
  authentication: z.enum(['plain', 'scram-sha-256', 'scram-sha-512', 'none']),
  credentials: secret.optional(),
  certificateAuthority: secret.optional(),
  network: z.strictObject({ subnetIds: texts, securityGroupIds: texts }).optional(),
});

const source = z.strictObject({
  number: z.number(),
  cluster: z.discriminatedUnion('kind', [
    z.strictObject({
      ...msk,
      authentication: z.enum(['iam', 'scram-sha-512']),
      topicExists: z.boolean().optional(),
    }),
    selfManaged,
  ]),
  topic: z.string(),
  partitions: z.number(),
  consumerGroupId: z.string(),
  batchSize: z.number(),
  batchWindowSeconds: z.number(),
  pollers: z.strictObject({ minimum: z.number(), maximum: z.number() }),
  rateLimit: z.number().optional(),
});

const tenantAccess = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('private'), from: texts }),
  z.strictObject({
    kind: z.literal('private_link'),
    opened: z.boolean(),
    accounts: texts,
    from: texts.optional(),
  }),
  z.strictObject({ kind: z.literal('public'), opened: z.boolean(), from: texts }),
]);

const cluster = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('new'),
    kafkaVersion: z.string(),
    brokers: z.strictObject({ count: z.number(), instanceType: z.string(), storageGiB: z.number() }),
    tenantAccess,
  }),
  z.strictObject({ kind: z.literal('existing'), clusterArn: z.string(), securityGroupId: z.string() }),
  z.strictObject({ kind: z.literal('none') }),
]);

const network = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('new'),
    cidr: z.string(),
    natGateways: z.number(),
    availabilityZones: texts.optional(),
  }),
  z.strictObject({
    kind: z.literal('existing'),
    vpcId: z.string(),
    privateSubnetIds: texts,
    publicSubnetIds: texts,
    routeTableIds: texts,
  }),
]);

/** What settings are made of. What each of them means and may be, its type says and the checks of `stageProblems`. */
export const settingsShape = z.strictObject({
  name: z.enum(['local', 'sandbox', 'production']),
  region: z.string(),
  sources: z.record(z.string(), source),
  streams: z.strictObject({
    cluster: z.discriminatedUnion('kind', [z.strictObject(msk), selfManaged]),
    mostUsers: z.number(),
    mostPartitions: z.number(),
  }),
  cluster,
  network,
  staticEgress: z.boolean(),
  inlineBudgetMs: z.number(),
  retentionDays: z.number(),
  heldDays: z.number(),
  idempotencyWindowHours: z.number(),
  deliveryConcurrency: z.number(),
  slowDeliveryConcurrency: z.number(),
  publishConcurrency: z.number(),
  allowedConsecutiveFailures: z.number(),
  disableFailingAfterMinutes: z.union([z.number(), z.literal('never')], "must be a number or 'never'"),
  allowLoopbackTargets: z.boolean(),
  webhookPorts: z.union([z.array(z.number()), z.literal('any')], "must be a list of numbers or 'any'"),
  deniedAddressRanges: texts,
  kafkaCertificateAuthorities: texts,
  apiLimit: z.strictObject({ callsPerSecond: z.number(), burst: z.number() }),
  alarmEmail: z.string().optional(),
  costTags: z.record(z.string(), z.string()),
});

/**
 * Node runs settings without looking at their types: a name that is misspelt, a kind that there is not, or a field that is
 * missing is found here.
 * @returns each of them, as `field: what is wrong`
 */
export function shapeProblems(settings: unknown): string[] {
  const { error } = settingsShape.safeParse(settings, { reportInput: true });
  return (error?.issues ?? []).flatMap(problemsOf);
}

function problemsOf(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${[...issue.path, key].join('.')}: there is no such setting`);
  return [`${issue.path.join('.')}: ${rule(issue)}`];
}

function rule(issue: z.core.$ZodIssue): string {
  const oneOf = (values: readonly unknown[]) =>
    `must be ${values.map((value) => `'${String(value)}'`).join(' or ')}`;
  if (issue.code === 'invalid_union' && 'options' in issue) return oneOf(issue.options as string[]);
  if (issue.input === undefined) return 'is missing';
  if (issue.code === 'invalid_value') return oneOf(issue.values);
  if (issue.code === 'invalid_type') return `must be ${names[issue.expected] ?? issue.expected}`;
  return issue.message;
}

const names: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  string: 'a text',
};
