import type { Template } from 'aws-cdk-lib/assertions';

/** A statement of a template's policies. */
export interface PolicyStatement {
  readonly effect: string;
  readonly actions: readonly string[];
  /** As in the template, but for what is joined of parts: those as one text. */
  readonly resources: readonly string[];
  readonly conditions: unknown;
}

interface Policy {
  readonly Properties: {
    readonly PolicyDocument: {
      readonly Statement: readonly {
        readonly Effect: string;
        readonly Action: string | readonly string[];
        readonly Resource: unknown;
        readonly Condition?: unknown;
      }[];
    };
  };
}

/** All statements of the policies in a template. */
export function statementsOf(template: Template): PolicyStatement[] {
  const policies = Object.values(template.findResources('AWS::IAM::Policy')) as unknown as readonly Policy[];
  return policies
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
    .map(({ Effect, Action, Resource, Condition }) => ({
      effect: Effect,
      actions: [Action].flat(),
      resources: [Resource].flat().map(asText),
      conditions: Condition,
    }));
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  const joined = (value as { readonly 'Fn::Join'?: readonly [string, readonly unknown[]] })['Fn::Join'];
  return joined ? joined[1].map(asText).join('') : JSON.stringify(value);
}
