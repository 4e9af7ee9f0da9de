import { Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * What cdk-nag calls each wildcard among these resources of a policy, so that one by one they can be acknowledged.
 * @see https://github.com/cdklabs/cdk-nag#acknowledging-a-rule
 */
export function wildcardFindings(scope: IConstruct, resources: readonly string[]): string[] {
  return resources
    .map((resource) => asWritten(Stack.of(scope).resolve(resource)))
    .filter((resource) => resource.includes('*'))
    .map((resource) => `AwsSolutions-IAM5[Resource::${resource}]`);
}

/** A resolved value as cdk-nag writes it: references in angle brackets. */
function asWritten(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(asWritten).join('');
  const [[name, argument] = ['', undefined]] = Object.entries(value as Record<string, unknown>);
  if (name === 'Ref') return `<${String(argument)}>`;
  if (name === 'Fn::GetAtt') return `<${(argument as string[]).join('.')}>`;
  if (name === 'Fn::Join') return asWritten((argument as [string, unknown[]])[1]);
  return JSON.stringify(value);
}
