import { z } from 'zod';
import { localAuthority, localListeners } from '../../source-settings.ts';
import { startLocalFunction } from '../local-function.ts';
import { tagsMeanNothing, type ResourceKind, type Workshop } from '../resource-kind.ts';
import { localListener } from '../source-access.ts';

const runs = z.strictObject({
  FunctionName: z.string().optional(),
  Code: z.strictObject({ S3Key: z.string() }),
  Handler: z.string().regex(/^[^.]+(\.[^.]+)*\.[^.]+$/, 'must be file.export'),
  Runtime: z.string().regex(/^nodejs/, 'only Node.js functions do'),
  // Lambda's own defaults.
  Timeout: z.number().min(1).max(900).default(3),
  MemorySize: z.number().min(128).default(128),
  Environment: z.strictObject({ Variables: z.record(z.string(), z.string()).optional() }).optional(),
  ReservedConcurrentExecutions: z.number().int().min(1).optional(),
  PackageType: z.literal('Zip').optional(),
});

/** A laptop has no thousand environments to give to a function that reserves none. */
const defaultConcurrency = 20;

const observation = 'logs go to this machine, and nothing is traced';

/** AWS::Lambda::Function, on worker threads. */
export const lambdaFunction: ResourceKind<z.infer<typeof runs>> = {
  file: 'lambda-function',
  runs,
  meansNothingHere: {
    'Code.S3Bucket': 'the code is read from the cloud assembly',
    Role: 'permissions are not checked on this machine',
    Architectures: 'JavaScript runs on whatever this machine has',
    Description: 'for people',
    VpcConfig: 'everything is on one machine',
    KmsKeyArn: 'encryption at rest',
    EphemeralStorage: "the machine's own temporary folder is used",
    TracingConfig: observation,
    LoggingConfig: observation,
    RecursiveLoop: 'AWS stops loops by it',
    RuntimeManagementConfig: 'the Node.js of this machine is used',
    ...tagsMeanNothing,
  },
  identify: ({ property, generatedName, arn }) => {
    // Lambda's limit.
    const name = (property('FunctionName') ?? generatedName).slice(0, 64);
    return { ref: name, attributes: { Arn: arn('lambda', `function:${name}`) } };
  },
  check: ({ properties, assetFolder }) =>
    assetFolder(properties.Code.S3Key) === undefined
      ? [`property 'Code.S3Key' names no asset of the cloud assembly: ${properties.Code.S3Key}`]
      : [],
  create: ({ ref, attributes, region, properties, assetFolder }, workshop) => {
    const { Handler, Timeout, MemorySize, Environment, ReservedConcurrentExecutions } = properties;
    const functionArn = attributes['Arn']!;
    const localFunction = startLocalFunction({
      functionName: ref,
      functionArn,
      codeFolder: assetFolder(properties.Code.S3Key)!,
      handler: Handler,
      timeoutSeconds: Timeout,
      memoryMiB: MemorySize,
      concurrency: ReservedConcurrentExecutions ?? defaultConcurrency,
      variables: {
        ...lambdaVariables(ref, region, MemorySize, assetFolder(properties.Code.S3Key)!),
        ...workshop.endpointVariables,
        ...withAuthority(withListeners(Environment?.Variables ?? {}, workshop), workshop.engines),
      },
      lead: workshop.clock?.lead,
      nameServer: workshop.nameServer,
      onAwsCall: workshop.onAwsCall && ((call) => workshop.onAwsCall!(ref, call)),
      log: workshop.log,
    });
    workshop.functions.add(functionArn, localFunction);
  },
};

const invokeConfigRuns = z.strictObject({
  FunctionName: z.string(),
  Qualifier: z.literal('$LATEST'),
  MaximumRetryAttempts: z.literal(0, 'only 0 does: nothing here calls a function again'),
});

/** AWS::Lambda::EventInvokeConfig: how often a failed asynchronous call is repeated. */
export const eventInvokeConfig: ResourceKind<z.infer<typeof invokeConfigRuns>> = {
  file: 'lambda-function',
  runs: invokeConfigRuns,
  meansNothingHere: {},
  identify: ({ generatedName }) => ({ ref: generatedName, attributes: {} }),
};

/** The variables with the addresses of the local broker's listeners, where they name one that it has. */
function withListeners(
  variables: Readonly<Record<string, string>>,
  { engines, say }: Pick<Workshop, 'engines' | 'say'>,
): Record<string, string> {
  let text = JSON.stringify(variables);
  for (const server of Object.values(localListeners)) {
    if (!text.includes(server)) continue;
    try {
      text = text.replaceAll(server, localListener([server], engines)!.bootstrapServers);
    } catch (error) {
      // A function that finds no broker says so when it needs one; the others have no use for it.
      say(error instanceof Error ? error.message : String(error));
    }
  }
  return JSON.parse(text) as Record<string, string>;
}

/** The variables with the certificate of the local broker's authority where they name it; without it where there is none. */
function withAuthority(
  variables: Readonly<Record<string, string>>,
  { kafkaTls }: Workshop['engines'],
): Record<string, string> {
  const named = JSON.stringify(localAuthority);
  const certificate = kafkaTls?.certificateAuthority;
  const inList = (text: string) =>
    certificate === undefined
      ? text.replace(`${named},`, '').replace(named, '')
      : text.replace(named, () => JSON.stringify(certificate));
  return Object.fromEntries(Object.entries(variables).map(([name, text]) => [name, inList(text)]));
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
function lambdaVariables(name: string, region: string, memoryMiB: number, codeFolder: string) {
  return {
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    // DynamoDB Local refuses an access key with a dash.
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMiB),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${process.versions.node.split('.')[0]}.x`,
    LAMBDA_TASK_ROOT: codeFolder,
    TZ: ':UTC',
  };
}
