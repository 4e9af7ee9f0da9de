import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Template } from '../../../infra/local/cloud-assembly.ts';

/** The S3 key of the one asset that every stack of `writeAssembly` has. */
export const assetKey = 'code.zip';

/**
 * Writes templates as a cloud assembly, for what the CDK would never emit.
 * @param templates by stack; a stack is named in CloudFormation as `stack-<name>`
 * @param code of the asset's index.mjs
 * @returns the folder
 */
export function writeAssembly(templates: Readonly<Record<string, Template>>, code = ''): string {
  const folder = mkdtempSync(join(tmpdir(), 'fanout-assembly-test-'));
  const artifacts = Object.keys(templates).map((name) => [
    name,
    {
      type: 'aws:cloudformation:stack',
      environment: 'aws://unknown-account/eu-central-1',
      properties: { templateFile: `${name}.template.json`, stackName: `stack-${name}` },
      displayName: name,
    },
  ]);
  const write = (file: string, content: unknown) =>
    writeFileSync(join(folder, file), JSON.stringify(content));
  write('manifest.json', { artifacts: Object.fromEntries(artifacts) as unknown });
  const files = { hash: { source: { path: 'asset.hash' }, destinations: { here: { objectKey: assetKey } } } };
  for (const [name, template] of Object.entries(templates)) {
    write(`${name}.template.json`, template);
    write(`${name}.assets.json`, { files });
  }
  mkdirSync(join(folder, 'asset.hash'));
  writeFileSync(join(folder, 'asset.hash', 'index.mjs'), code);
  return folder;
}
