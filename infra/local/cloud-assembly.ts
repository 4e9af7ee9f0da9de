import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One resource of a CloudFormation template, as it stands in the file. */
export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DependsOn?: string | readonly string[];
  readonly [attribute: string]: unknown;
}

/** The sections of a CloudFormation template. */
export interface Template {
  readonly Resources?: Readonly<Record<string, TemplateResource>>;
  readonly Outputs?: Readonly<Record<string, TemplateOutput>>;
  readonly Parameters?: Readonly<Record<string, { readonly Type: string; readonly Default?: unknown }>>;
  readonly [section: string]: unknown;
}

export interface TemplateOutput {
  readonly Value: unknown;
  readonly Export?: { readonly Name: unknown };
  readonly Condition?: string;
}

/** One stack of a cloud assembly. */
export interface StackTemplate {
  /** The stack's name in the CDK app, which people see. */
  readonly id: string;
  /** The stack's name in CloudFormation, which other templates refer to. */
  readonly name: string;
  readonly region: string;
  readonly template: Template;
  /** The folder of a file asset by the S3 key that the template gives, or undefined if the stack has none such. */
  readonly assetFolder: (s3Key: string) => string | undefined;
}

interface Manifest {
  readonly artifacts: Readonly<Record<string, Artifact>>;
}

interface Artifact {
  readonly type: string;
  readonly environment?: string;
  readonly displayName?: string;
  readonly properties?: { readonly templateFile?: string; readonly stackName?: string };
}

interface AssetManifest {
  readonly files: Readonly<
    Record<
      string,
      {
        readonly source: { readonly path: string };
        readonly destinations: Readonly<Record<string, { readonly objectKey: string }>>;
      }
    >
  >;
}

/** Where a stack without a region of its own is taken to be. */
const defaultRegion = 'us-east-1';

/**
 * Reads the stacks of a cloud assembly, as `cdk synth` leaves it.
 * @param folder holds manifest.json
 * @throws Error when the folder is no cloud assembly, or holds nested assemblies (CDK stages)
 */
export function readCloudAssembly(folder: string): StackTemplate[] {
  const manifest = readJson(join(folder, 'manifest.json')) as Manifest;
  const artifacts = Object.entries(manifest.artifacts);
  const nested = artifacts.find(([, artifact]) => artifact.type === 'cdk:cloud-assembly');
  if (nested)
    throw new Error(`${folder} holds a nested assembly (${nested[0]}): use one App without Stages.`);
  return artifacts
    .filter(([, artifact]) => artifact.type === 'aws:cloudformation:stack')
    .map(([id, artifact]) => readStack(folder, id, artifact));
}

function readStack(folder: string, id: string, artifact: Artifact): StackTemplate {
  const templateFile = artifact.properties?.templateFile ?? `${id}.template.json`;
  // aws://<account>/<region>
  const region = artifact.environment?.split('/').at(-1) ?? 'unknown-region';
  const assets = assetPaths(folder, id);
  return {
    id: artifact.displayName ?? id,
    name: artifact.properties?.stackName ?? id,
    region: region === 'unknown-region' ? defaultRegion : region,
    template: readJson(join(folder, templateFile)) as Template,
    assetFolder: (s3Key) => assets.get(s3Key),
  };
}

/** The asset folders of a stack by S3 key. */
function assetPaths(folder: string, id: string): Map<string, string> {
  const manifest = readJson(join(folder, `${id}.assets.json`)) as AssetManifest;
  const paths = new Map<string, string>();
  for (const { source, destinations } of Object.values(manifest.files)) {
    for (const { objectKey } of Object.values(destinations)) paths.set(objectKey, join(folder, source.path));
  }
  return paths;
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
