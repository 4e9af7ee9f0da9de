import { z } from 'zod';
import { type HttpAuthorizer, type HttpRoute, startHttpApi } from '../http-api.ts';
import type { FunctionRegistry } from '../function-registry.ts';
import {
  type PlannedResource,
  type ResourceKind,
  tagsMeanNothing,
  type Unnamed,
  type Workshop,
} from '../resource-kind.ts';

const gatewayLimits = 'no throttling, metrics or access logs of a gateway on this machine';
const permissions = 'permissions are not checked on this machine';

/** Lambda's ARN as API Gateway takes it, plain or inside the path of Lambda's Invoke call. */
const functionUri = z
  .string()
  .transform((uri) => /(arn:[^:]*:lambda:[^:]*:[^:]*:function:[^:/]+)(\/invocations)?$/.exec(uri)?.[1] ?? uri)
  .refine((arn) => /^arn:[^:]*:lambda:/.test(arn), 'only Lambda functions do');

const apiRuns = z.strictObject({ Name: z.string(), ProtocolType: z.literal('HTTP') });

const stageRuns = z.strictObject({
  ApiId: z.string(),
  StageName: z.literal('$default'),
  AutoDeploy: z.literal(true),
});

const integrationRuns = z.strictObject({
  ApiId: z.string(),
  IntegrationType: z.literal('AWS_PROXY'),
  IntegrationUri: functionUri,
  PayloadFormatVersion: z.literal('2.0'),
  IntegrationMethod: z.literal('POST').optional(),
  ConnectionType: z.literal('INTERNET').optional(),
  // API Gateway's own default.
  TimeoutInMillis: z.number().min(50).max(30_000).default(30_000),
});

const routeRuns = z.strictObject({
  ApiId: z.string(),
  RouteKey: z.string(),
  Target: z.string().regex(/^integrations\/./, 'must be integrations/<id>'),
  AuthorizationType: z.enum(['NONE', 'CUSTOM']).default('NONE'),
  AuthorizerId: z.string().optional(),
});

const authorizerRuns = z.strictObject({
  ApiId: z.string(),
  Name: z.string(),
  AuthorizerType: z.literal('REQUEST'),
  AuthorizerUri: functionUri,
  AuthorizerPayloadFormatVersion: z.literal('2.0'),
  EnableSimpleResponses: z.literal(true),
  IdentitySource: z.array(z.string()).default([]),
  // API Gateway's own default; 0 means no cache.
  AuthorizerResultTtlInSeconds: z.number().min(0).max(3600).default(300),
});

type Api = PlannedResource<z.infer<typeof apiRuns>>;
type Integration = PlannedResource<z.infer<typeof integrationRuns>>;
type Route = PlannedResource<z.infer<typeof routeRuns>>;
type Authorizer = PlannedResource<z.infer<typeof authorizerRuns>>;

/** Ids are ten characters on AWS; what matters is that each is its own and does not change. */
const identifyById = ({ generatedName }: Unnamed) => ({ ref: generatedName, attributes: {} });

/** AWS::ApiGatewayV2::Api, a server on loopback with the routes of the template. */
export const httpApi: ResourceKind<z.infer<typeof apiRuns>> = {
  file: 'http-api',
  runs: apiRuns,
  meansNothingHere: { Description: 'for people', ...tagsMeanNothing },
  identify: ({ generatedName, addresses }) => ({
    ref: generatedName,
    attributes: { ApiEndpoint: addresses.apiUrl, ApiId: generatedName },
  }),
  startsAs: 'api',
  start: async (api, workshop) => {
    const served = workshop.resources('AWS::ApiGatewayV2::Stage').some(({ properties }) => {
      return (properties as z.infer<typeof stageRuns>).ApiId === api.ref;
    });
    if (!served) return undefined;
    await workshop.releaseApiPort?.();
    return startHttpApi({
      port: workshop.apiPort,
      apiId: api.ref,
      routes: routesOf(api, workshop),
      say: workshop.say,
    });
  },
};

export const stage: ResourceKind<z.infer<typeof stageRuns>> = {
  file: 'http-api',
  runs: stageRuns,
  meansNothingHere: {
    AccessLogSettings: gatewayLimits,
    DefaultRouteSettings: gatewayLimits,
    RouteSettings: gatewayLimits,
    Description: 'for people',
    ...tagsMeanNothing,
  },
  identify: () => ({ ref: '$default', attributes: {} }),
};

export const integration: ResourceKind<z.infer<typeof integrationRuns>> = {
  file: 'http-api',
  runs: integrationRuns,
  meansNothingHere: { Description: 'for people', CredentialsArn: permissions },
  identify: identifyById,
};

export const route: ResourceKind<z.infer<typeof routeRuns>> = {
  file: 'http-api',
  runs: routeRuns,
  meansNothingHere: { OperationName: 'for people' },
  identify: identifyById,
  check: ({ properties: { AuthorizationType, AuthorizerId } }) =>
    (AuthorizationType === 'CUSTOM') === (AuthorizerId !== undefined)
      ? []
      : [
          `property 'AuthorizationType' is ${AuthorizationType} but 'AuthorizerId' is ${AuthorizerId ?? 'absent'}`,
        ],
};

export const authorizer: ResourceKind<z.infer<typeof authorizerRuns>> = {
  file: 'http-api',
  runs: authorizerRuns,
  meansNothingHere: { AuthorizerCredentialsArn: permissions },
  identify: (unnamed) => {
    const { ref } = identifyById(unnamed);
    return { ref, attributes: { AuthorizerId: ref } };
  },
};

/** The routes of an API with what each invokes. */
function routesOf(api: Api, { resources, functions }: Workshop): HttpRoute[] {
  const integrations = resources('AWS::ApiGatewayV2::Integration') as Integration[];
  const authorizers = new Map(
    (resources('AWS::ApiGatewayV2::Authorizer') as Authorizer[]).map((resource) => [
      resource.ref,
      runAuthorizer(resource, functions),
    ]),
  );
  const routes = (resources('AWS::ApiGatewayV2::Route') as Route[]).filter(
    ({ properties }) => properties.ApiId === api.ref,
  );
  return routes.map(({ stack, logicalId, properties: { RouteKey, Target, AuthorizerId } }) => {
    const target = integrations.find(({ ref }) => Target === `integrations/${ref}`);
    const check = authorizers.get(AuthorizerId ?? '');
    if (!target || (AuthorizerId !== undefined && !check)) {
      throw new Error(
        `${stack}/${logicalId}: the integration or authorizer of route '${RouteKey}' does not exist`,
      );
    }
    const invoked = functions.get(target.properties.IntegrationUri);
    return {
      routeKey: RouteKey,
      invoke: (event) => invoked.invoke(event),
      timeoutMs: target.properties.TimeoutInMillis,
      ...(check && { authorizer: check }),
    };
  });
}

function runAuthorizer({ ref, properties }: Authorizer, functions: FunctionRegistry): HttpAuthorizer {
  const check = functions.get(properties.AuthorizerUri);
  return {
    id: ref,
    identitySource: properties.IdentitySource,
    cacheSeconds: properties.AuthorizerResultTtlInSeconds,
    invoke: (event) => check.invoke(event),
  };
}
