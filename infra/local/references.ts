import type { StackTemplate, TemplateResource } from './cloud-assembly.ts';
import { localAccount, resolve, type Scope, Unresolvable } from './intrinsics.ts';
import type { Addresses, Identity, IgnoredKind, Unnamed } from './resource-kind.ts';
import { ignoredKinds, resourceKinds } from './resource-kinds.ts';

/** Told each resource (`<stack>/<logicalId>`) that a value refers to, also through outputs of other stacks. */
export type Uses = (resource: string) => void;

const untold: Uses = () => {};

/**
 * What the resources and outputs of all stacks are called: names and ARNs follow from the templates alone, so that
 * references resolve before anything exists.
 */
export class References {
  readonly #stacks: readonly StackTemplate[];
  readonly #addresses: Addresses;
  readonly #identities = new Map<string, Identity | 'in progress'>();

  constructor(stacks: readonly StackTemplate[], addresses: Addresses) {
    this.#stacks = stacks;
    this.#addresses = addresses;
  }

  /** @throws Unresolvable when the stack has no such resource, or its name cannot be told */
  identity(stack: StackTemplate, logicalId: string): Identity {
    const key = `${stack.id}/${logicalId}`;
    const known = this.#identities.get(key);
    if (known === 'in progress') throw new Unresolvable(`the name of ${key} depends on itself`);
    if (known) return known;
    const resource = stack.template.Resources?.[logicalId];
    if (!resource) throw new Unresolvable(`${stack.id} has no resource '${logicalId}'`);
    this.#identities.set(key, 'in progress');
    const identity = this.#identify(stack, logicalId, resource);
    this.#identities.set(key, identity);
    return identity;
  }

  /** @throws Unresolvable when the stack has no such output, or it cannot be resolved */
  output(stack: StackTemplate, name: string, uses: Uses): unknown {
    const output = stack.template.Outputs?.[name];
    if (!output) throw new Unresolvable(`stack ${stack.name} has no output '${name}'`);
    if (output.Condition)
      throw new Unresolvable(`output '${name}' has a condition, which does not run locally`);
    return resolve(output.Value, this.scope(stack, uses), `Outputs.${name}`);
  }

  /** What the intrinsic functions in a stack's template can ask for. */
  scope(stack: StackTemplate, uses: Uses): Scope {
    const identity = (logicalId: string) => {
      uses(`${stack.id}/${logicalId}`);
      return this.identity(stack, logicalId);
    };
    return {
      stackName: stack.name,
      region: stack.region,
      ref: (logicalId) => identity(logicalId).ref,
      attribute: (logicalId, attribute) => {
        const value = identity(logicalId).attributes[attribute];
        if (value !== undefined) return value;
        const type = stack.template.Resources?.[logicalId]?.Type;
        throw new Unresolvable(`attribute '${attribute}' of ${logicalId} (${type}) is not known locally`);
      },
      stackOutput: (stackName, output) => {
        const producer = this.#stacks.find(({ name }) => name === stackName);
        if (!producer) throw new Unresolvable(`there is no stack named '${stackName}'`);
        return this.output(producer, output, uses);
      },
      importValue: (exportName) => this.#importValue(exportName, uses),
    };
  }

  #identify(stack: StackTemplate, logicalId: string, resource: TemplateResource): Identity {
    const unnamed: Unnamed = {
      stackName: stack.name,
      logicalId,
      generatedName: `${stack.name}-${logicalId}`,
      addresses: this.#addresses,
      property: (name) => {
        const value = resolve(resource.Properties?.[name], this.scope(stack, untold), name);
        return typeof value === 'string' ? value : undefined;
      },
      arn: (service, rest) => `arn:aws:${service}:${stack.region}:${localAccount}:${rest}`,
    };
    const kind = resourceKinds[resource.Type];
    return kind ? kind.identify(unnamed) : plausibleIdentity(unnamed, ignoredKinds[resource.Type]);
  }

  #importValue(exportName: string, uses: Uses): unknown {
    for (const stack of this.#stacks) {
      for (const [name, { Export }] of Object.entries(stack.template.Outputs ?? {})) {
        const path = `Outputs.${name}.Export.Name`;
        if (Export && resolve(Export.Name, this.scope(stack, untold), path) === exportName) {
          return this.output(stack, name, uses);
        }
      }
    }
    throw new Unresolvable(`no stack exports '${exportName}'`);
  }
}

/** An identity for what this machine does not run, so that references to it resolve to something that looks right. */
function plausibleIdentity(resource: Unnamed, kind: IgnoredKind | undefined): Identity {
  const name = resource.generatedName;
  const attributes = new Proxy<Record<string, string>>(
    {},
    {
      get: (_, attribute) =>
        String(attribute).endsWith('Arn')
          ? resource.arn('local', `${name}/${String(attribute)}`)
          : `${name}-${String(attribute)}`,
    },
  );
  return { ref: kind?.refIsArn ? resource.arn(kind.refIsArn, name) : name, attributes };
}
