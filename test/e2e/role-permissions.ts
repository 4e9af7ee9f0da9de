import type { AwsCall } from '../../infra/local/aws-calls.ts';
import type { StackTemplate, TemplateResource } from '../../infra/local/cloud-assembly.ts';
import { Unresolvable, resolve } from '../../infra/local/intrinsics.ts';
import { References } from '../../infra/local/references.ts';

/** What a function's role allows, or denies: an action on what a pattern of ARNs matches. */
export interface Permission {
  readonly effect: 'Allow' | 'Deny';
  readonly functionName: string;
  readonly action: string;
  readonly resource: string;
  /** A pattern of the partition keys that it is about; undefined for all. */
  readonly leadingKey?: string | undefined;
}

/** A call of a function. */
export interface MadeCall extends AwsCall {
  readonly functionName: string;
}

interface Statement {
  readonly Effect: Permission['effect'];
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}
interface Document {
  readonly PolicyDocument: { readonly Statement: readonly Statement[] };
}

/** All that the roles of the templates' functions allow and deny. */
export function permissionsOf(stacks: readonly StackTemplate[]): Permission[] {
  const references = new References(stacks, { sqsUrl: 'http://sqs.invalid', apiUrl: 'http://api.invalid' });
  return stacks.flatMap((stack) => {
    const resources = Object.entries(stack.template.Resources ?? {});
    const text = (value: unknown): string => {
      try {
        return String(
          resolve(
            value,
            references.scope(stack, () => {}),
            'Resource',
          ),
        );
      } catch (error) {
        if (error instanceof Unresolvable) return JSON.stringify(value);
        throw error;
      }
    };
    return resources
      .filter(([, { Type }]) => Type === 'AWS::Lambda::Function')
      .flatMap(([id, { Properties }]) => {
        const functionName = references.identity(stack, id).ref;
        const [role] = (Properties!['Role'] as { readonly 'Fn::GetAtt': [string, string] })['Fn::GetAtt'];
        return statementsOf(role, resources).flatMap(({ Effect, Action, Resource, Condition }) =>
          [Action].flat().flatMap((action) =>
            [Resource].flat().flatMap((resource) =>
              leadingKeys(Condition).map((leadingKey) => ({
                effect: Effect,
                functionName,
                action,
                resource: text(resource),
                leadingKey,
              })),
            ),
          ),
        );
      });
  });
}

/** The only condition of functions' roles that a call can be held against: others are about who asks. */
function leadingKeys(condition: Statement['Condition']): readonly (string | undefined)[] {
  const keys = condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'];
  return keys === undefined ? [undefined] : [keys].flat();
}

/** Of a role, also of policies that are attached to it. */
function statementsOf(
  role: string,
  resources: readonly (readonly [string, TemplateResource])[],
): Statement[] {
  const documents = resources.flatMap(([id, { Type, Properties = {} }]) => {
    if (id === role) return (Properties['Policies'] ?? []) as Document[];
    const roles = (Properties['Roles'] ?? []) as { readonly Ref?: string }[];
    return Type === 'AWS::IAM::Policy' && roles.some(({ Ref }) => Ref === role)
      ? [Properties as unknown as Document]
      : [];
  });
  return documents.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

/** As IAM decides: something allows it, and nothing denies it. */
export function mayCall(permissions: readonly Permission[], call: MadeCall): boolean {
  const about = permissions.filter((permission) => isAbout(permission, call));
  return about.length > 0 && about.every(({ effect }) => effect === 'Allow');
}

/** A line for each permission that none of the calls needed. */
export function unusedLines(permissions: readonly Permission[], calls: readonly MadeCall[]): string[] {
  const unused = permissions
    .filter(({ effect }) => effect === 'Allow')
    .filter((permission) => !calls.some((call) => isAbout(permission, call)))
    .map(({ functionName, action, resource, leadingKey }) =>
      [`${functionName}: ${action} on ${resource}`, leadingKey].filter(Boolean).join(' '),
    );
  return [...new Set(unused)].sort();
}

function isAbout(permission: Permission, call: MadeCall): boolean {
  const { functionName, action, resource, leadingKey = '*' } = permission;
  // An ARN's sixth part and what follows it is the resource within its service, region and account.
  const within = resource.split(':').slice(5).join(':');
  return (
    functionName === call.functionName &&
    matches(action, call.action) &&
    matches(leadingKey, call.leadingKey ?? '') &&
    (matches(resource, call.resource) || matches(within, call.resource))
  );
}

function matches(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}
