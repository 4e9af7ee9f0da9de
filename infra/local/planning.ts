import type { z } from 'zod';
import type { StackTemplate, TemplateResource } from './cloud-assembly.ts';
import { resolve, Unresolvable } from './intrinsics.ts';
import { References } from './references.ts';
import type { Addresses, PlannedResource, ResourceKind } from './resource-kind.ts';
import { ignoredKinds, resourceKinds } from './resource-kinds.ts';

/** Everything the templates say, resolved, and everything in them that this machine cannot do. */
export interface Planned {
  readonly resources: readonly PlannedResource[];
  /** Outputs by stack. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** One line each. Nothing may be run while there is one. */
  readonly findings: readonly string[];
}

type Report = (problem: string) => void;

const knownSections = new Set([
  'AWSTemplateFormatVersion',
  'Description',
  'Metadata',
  'Resources',
  'Outputs',
  'Parameters',
  'Rules',
]);

const knownAttributes = new Set([
  'Type',
  'Properties',
  'DependsOn',
  // The CDK's notes for itself, and what happens when a stack is updated or deleted: none of it happens here.
  'Metadata',
  'DeletionPolicy',
  'UpdateReplacePolicy',
]);

// What every CDK template carries about the account's bootstrap stack and about the CDK itself.
const cdkParameter = 'BootstrapVersion';
const cdkRule = 'CheckBootstrapVersion';
const cdkResourceType = 'AWS::CDK::Metadata';

/**
 * Resolves and checks all templates together. Nothing of it needs an engine.
 * @param addresses the part of the values that only a running machine knows
 */
export function planStacks(stacks: readonly StackTemplate[], addresses: Addresses): Planned {
  const references = new References(stacks, addresses);
  const findings: string[] = [];
  const resources: PlannedResource[] = [];
  const outputs: Record<string, Record<string, string>> = {};
  for (const stack of stacks) {
    findings.push(...sectionFindings(stack));
    for (const [logicalId, resource] of Object.entries(stack.template.Resources ?? {})) {
      const report: Report = (problem) =>
        void findings.push(`${stack.id}/${logicalId} (${resource.Type}): ${problem}`);
      const planned = planResource(references, stack, logicalId, resource, report);
      if (planned) resources.push(planned);
    }
    outputs[stack.id] = planOutputs(references, stack, (problem) => void findings.push(problem));
  }
  return { resources, outputs, findings };
}

function sectionFindings({ id, template }: StackTemplate): string[] {
  const names = (section: string) => Object.keys(template[section] ?? {});
  return [
    ...Object.keys(template)
      .filter((section) => !knownSections.has(section))
      .map((section) => `${id}: the template section '${section}' does not run locally`),
    ...names('Parameters')
      .filter((name) => name !== cdkParameter)
      .map((name) => `${id}: parameter '${name}': nobody gives parameters a value locally`),
    ...names('Rules')
      .filter((name) => name !== cdkRule)
      .map((name) => `${id}: rule '${name}' is not checked locally`),
  ];
}

function planResource(
  references: References,
  stack: StackTemplate,
  logicalId: string,
  resource: TemplateResource,
  report: Report,
): PlannedResource | undefined {
  const { Type: type } = resource;
  if (type === cdkResourceType || Object.hasOwn(ignoredKinds, type)) return undefined;
  const kind = resourceKinds[type];
  if (!kind) {
    report(
      'this type is neither run locally nor known to mean nothing locally; add it to infra/local/resource-kinds.ts',
    );
    return undefined;
  }
  for (const attribute of Object.keys(resource)) {
    if (!knownAttributes.has(attribute)) report(`the attribute '${attribute}' does not run locally`);
  }
  const dependsOn = new Set([resource.DependsOn ?? []].flat().map((id) => `${stack.id}/${id}`));
  const scope = references.scope(stack, (used) => dependsOn.add(used));
  const read = readProperties(kind, resource.Properties ?? {}, (value) => resolve(value, scope, ''), report);
  if (!read) return undefined;
  const planned: PlannedResource = {
    ...references.identity(stack, logicalId),
    stack: stack.id,
    logicalId,
    type,
    region: stack.region,
    properties: read.properties,
    dependsOn: [...dependsOn],
    assetFolder: stack.assetFolder,
  };
  kind.check?.(planned).forEach(report);
  return planned;
}

/** The properties that make a difference here, resolved and checked; undefined when there is a finding among them. */
function readProperties(
  kind: ResourceKind<unknown>,
  given: Readonly<Record<string, unknown>>,
  resolveValue: (value: unknown) => unknown,
  report: Report,
): { properties: unknown } | undefined {
  const different = withoutPaths(given, new Set(Object.keys(kind.meansNothingHere)), '');
  const properties: Record<string, unknown> = {};
  let complete = true;
  for (const [name, value] of Object.entries(different as object)) {
    try {
      Object.assign(properties, resolveValue({ [name]: value as unknown }));
    } catch (error) {
      if (!(error instanceof Unresolvable)) throw error;
      complete = false;
      report(error.message);
    }
  }
  const parsed = kind.runs.safeParse(properties, { reportInput: true });
  for (const issue of parsed.error?.issues ?? []) {
    // A property that could not be resolved is missing here: then only what is too much can still be told.
    if (complete || issue.code === 'unrecognized_keys') issueLines(issue, kind.file).forEach(report);
  }
  return parsed.success && complete ? { properties: parsed.data } : undefined;
}

function planOutputs(references: References, stack: StackTemplate, report: Report): Record<string, string> {
  const outputs: Record<string, string> = {};
  for (const name of Object.keys(stack.template.Outputs ?? {})) {
    try {
      outputs[name] = String(references.output(stack, name, () => {}));
    } catch (error) {
      if (!(error instanceof Unresolvable)) throw error;
      report(`${stack.id}: output '${name}': ${error.message}`);
    }
  }
  return outputs;
}

/** The value without what stands at these paths, such as `Replicas[].Tags`. */
function withoutPaths(value: unknown, paths: ReadonlySet<string>, path: string): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutPaths(item, paths, `${path}[]`));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]) => [key, item, path === '' ? key : `${path}.${key}`] as const)
      .filter(([, , itemPath]) => !paths.has(itemPath))
      .map(([key, item, itemPath]) => [key, withoutPaths(item, paths, itemPath)]),
  );
}

function issueLines(issue: z.core.$ZodIssue, file: string): string[] {
  const path = issue.path.reduce<string>(
    (whole, part) => (typeof part === 'number' ? `${whole}[${part}]` : `${whole}.${String(part)}`),
    '',
  );
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(
      (key) =>
        `property '${`${path}.${key}`.slice(1)}' is neither run locally nor known to mean nothing locally; ` +
        `add it to infra/local/resources/${file}.ts`,
    );
  }
  const value = JSON.stringify(issue.input) ?? 'absent';
  return [`property '${path.slice(1)}' is ${value}, which does not run locally: ${issue.message}`];
}
