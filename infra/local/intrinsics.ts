/** What the intrinsic functions of one stack's template can ask for. */
export interface Scope {
  readonly stackName: string;
  readonly region: string;
  /** `Ref` of a resource or parameter of this stack. */
  readonly ref: (logicalId: string) => unknown;
  /** `Fn::GetAtt` of a resource of this stack. */
  readonly attribute: (logicalId: string, attribute: string) => unknown;
  readonly stackOutput: (stackName: string, output: string) => unknown;
  readonly importValue: (exportName: string) => unknown;
}

/** A value of a template that cannot be told on this machine. */
export class Unresolvable extends Error {}

/** The account that everything on this machine is in; ElasticMQ's queue URLs and ARNs carry it too. */
export const localAccount = '000000000000';

/** `AWS::NoValue`: what resolves to it is left out. */
const noValue = Symbol('AWS::NoValue');

type Intrinsic = (argument: unknown, scope: Scope, path: string) => unknown;

const intrinsics: Readonly<Record<string, Intrinsic>> = {
  Ref: (argument, scope) => reference(text(argument, 'Ref'), scope),
  'Fn::GetAtt': (argument, scope, path) => {
    const [logicalId, attribute] =
      typeof argument === 'string' ? splitOnce(argument) : list(argument, 'Fn::GetAtt');
    return scope.attribute(
      text(logicalId, 'Fn::GetAtt'),
      text(resolve(attribute, scope, path), 'Fn::GetAtt'),
    );
  },
  'Fn::Join': (argument, scope, path) => {
    const [delimiter, parts] = list(argument, 'Fn::Join');
    return texts(resolve(parts, scope, path), 'Fn::Join').join(text(delimiter, 'Fn::Join'));
  },
  'Fn::Split': (argument, scope, path) => {
    const [delimiter, whole] = list(argument, 'Fn::Split');
    return text(resolve(whole, scope, path), 'Fn::Split').split(text(delimiter, 'Fn::Split'));
  },
  'Fn::Select': (argument, scope, path) => {
    const [index, from] = list(resolve(argument, scope, path), 'Fn::Select');
    const items = list(from, 'Fn::Select');
    const item = items[Number(index)];
    if (item === undefined)
      throw new Unresolvable(`Fn::Select asks for item ${String(index)} of ${items.length}`);
    return item;
  },
  'Fn::Sub': (argument, scope, path) => substitute(argument, scope, path),
  'Fn::Base64': (argument, scope, path) =>
    Buffer.from(text(resolve(argument, scope, path), 'Fn::Base64')).toString('base64'),
  'Fn::GetAZs': (argument, scope, path) => {
    const region = text(resolve(argument, scope, path), 'Fn::GetAZs') || scope.region;
    return ['a', 'b', 'c'].map((zone) => region + zone);
  },
  'Fn::ImportValue': (argument, scope, path) =>
    scope.importValue(text(resolve(argument, scope, path), 'Fn::ImportValue')),
  'Fn::GetStackOutput': (argument, scope, path) => {
    const { StackName, OutputName } = record(resolve(argument, scope, path), 'Fn::GetStackOutput');
    return scope.stackOutput(text(StackName, 'Fn::GetStackOutput'), text(OutputName, 'Fn::GetStackOutput'));
  },
};

/**
 * The value with every intrinsic function in it carried out.
 * @param path where in the resource or output the value stands, for the error
 * @throws Unresolvable for an intrinsic function that is not known, or one that cannot be carried out
 */
export function resolve(value: unknown, scope: Scope, path: string): unknown {
  if (typeof value === 'string') return withoutDynamicReference(value, path);
  if (Array.isArray(value)) {
    return value.map((item, index) => resolve(item, scope, `${path}[${index}]`)).filter(isGiven);
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value as Readonly<Record<string, unknown>>);
  const [name, argument] = entries[0] ?? ['', undefined];
  if (entries.length === 1 && (name === 'Ref' || name.startsWith('Fn::'))) {
    return callIntrinsic(name, argument, scope, path);
  }
  return Object.fromEntries(
    entries
      .map(([key, item]) => [key, resolve(item, scope, path === '' ? key : `${path}.${key}`)] as const)
      .filter(([, item]) => isGiven(item)),
  );
}

function callIntrinsic(name: string, argument: unknown, scope: Scope, path: string): unknown {
  const intrinsic = intrinsics[name];
  if (!intrinsic) throw new Unresolvable(`${name} at '${path}' is not known to the local machine`);
  try {
    return intrinsic(argument, scope, path);
  } catch (error) {
    if (error instanceof Unresolvable && !error.message.includes(' at '))
      throw new Unresolvable(`${error.message} at '${path}'`);
    throw error;
  }
}

function reference(name: string, scope: Scope): unknown {
  const pseudoParameters: Record<string, unknown> = {
    'AWS::AccountId': localAccount,
    'AWS::Region': scope.region,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': scope.stackName,
    'AWS::StackId': `arn:aws:cloudformation:${scope.region}:${localAccount}:stack/${scope.stackName}/local`,
    'AWS::NoValue': noValue,
  };
  if (Object.hasOwn(pseudoParameters, name)) return pseudoParameters[name];
  if (name.startsWith('AWS::')) throw new Unresolvable(`pseudo parameter ${name} is not known`);
  return scope.ref(name);
}

function substitute(argument: unknown, scope: Scope, path: string): string {
  const [template, variables] = typeof argument === 'string' ? [argument, {}] : list(argument, 'Fn::Sub');
  const given = record(resolve(variables, scope, path), 'Fn::Sub');
  return text(template, 'Fn::Sub').replace(/\$\{([^}]+)\}/g, (_, name: string) => {
    if (name.startsWith('!')) return `\${${name.slice(1)}}`;
    if (Object.hasOwn(given, name)) return text(given[name], 'Fn::Sub');
    const [logicalId, attribute] = splitOnce(name);
    const value = attribute === undefined ? reference(name, scope) : scope.attribute(logicalId, attribute);
    return text(value, 'Fn::Sub');
  });
}

/** CloudFormation replaces `{{resolve:…}}` by a secret or parameter while it deploys; nothing here does. */
function withoutDynamicReference(value: string, path: string): string {
  if (value.includes('{{resolve:')) {
    throw new Unresolvable(`the dynamic reference at '${path}' is not carried out by the local machine`);
  }
  return value;
}

function isGiven(value: unknown): boolean {
  return value !== noValue;
}

function splitOnce(name: string): [string, string | undefined] {
  const dot = name.indexOf('.');
  return dot === -1 ? [name, undefined] : [name.slice(0, dot), name.slice(dot + 1)];
}

function text(value: unknown, intrinsic: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Unresolvable(`${intrinsic} needs a string and got ${describe(value)}`);
}

function list(value: unknown, intrinsic: string): unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  throw new Unresolvable(`${intrinsic} needs a list and got ${describe(value)}`);
}

function texts(value: unknown, intrinsic: string): string[] {
  return list(value, intrinsic).map((item) => text(item, intrinsic));
}

function record(value: unknown, intrinsic: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new Unresolvable(`${intrinsic} needs an object and got ${describe(value)}`);
}

function describe(value: unknown): string {
  return typeof value === 'symbol' ? 'AWS::NoValue' : JSON.stringify(value);
}
