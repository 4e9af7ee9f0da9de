import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '..');

/** The Lambda functions there are: each folder under `functions/`. */
export function functionNames(): string[] {
  return readdirSync(join(root, 'functions')).sort();
}

/**
 * Bundles all functions at once, minified, each with a source map.
 * @param outdir gets one folder a function, with `index.mjs` and its map
 * @throws the build's error, with file and line, when a source file does not compile
 */
export async function bundleFunctions(outdir: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: functionNames().map((name) => ({
      in: `functions/${name}/handler.ts`,
      out: `${name}/index`,
    })),
    outdir: resolve(outdir),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    // Names of classes and functions are what an operator reads in a stack trace or an errorType.
    keepNames: true,
    sourcemap: true,
    sourcesContent: false,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    // CommonJS packages inside an ES module bundle still call require for Node's own modules.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    logLevel: 'silent',
  });
}
