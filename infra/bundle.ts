import { readdirSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { builtModules } from './built-modules.ts';
import { leanKafkaClient } from './lean-kafka-client.ts';

const root = resolve(import.meta.dirname, '..');

/** The Lambda functions there are: each folder under `functions/`. */
export function functionNames(): string[] {
  return readdirSync(join(root, 'functions')).sort();
}

/** Files of packages that lib/adapters/quickjs-engine.ts reads at run time, from beside the bundle that it is in. */
const filesOfTransforms = ['quickjs-wasi/quickjs.wasm', 'jmespath/jmespath.js'];

/**
 * Bundles all functions at once, minified, each with a source map.
 * @param outdir gets one folder a function, with `index.mjs`, its map, and the files that it reads
 * @throws the build's error, with file and line, when a source file does not compile
 */
export async function bundleFunctions(outdir: string): Promise<void> {
  await bundle(
    functionNames().map((name) => ({ in: `functions/${name}/handler.ts`, out: `${name}/index` })),
    outdir,
  );
}

/** @param entryPoints paths from the repository's root, and where each goes in `outdir`, without an extension */
export async function bundle(
  entryPoints: { readonly in: string; readonly out: string }[],
  outdir: string,
): Promise<void> {
  await Promise.all(entryPoints.map((entryPoint) => bundleOne(entryPoint, outdir)));
}

/** One bundle of its own: what it shares with others it has itself, for each function is deployed alone. */
async function bundleOne(
  { in: entry, out }: { readonly in: string; readonly out: string },
  outdir: string,
): Promise<void> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [{ in: entry, out: basename(out) }],
    outdir: resolve(outdir, dirname(out)),
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
    // What a function imports only when it needs it is a file of its own, which a cold start does not load.
    splitting: true,
    chunkNames: '[name]-[hash]',
    // The client of Kafka would read its WebAssembly from a file; this form of it has it inside.
    alias: { '@platformatic/wasm-utils': '@platformatic/wasm-utils/bundled' },
    // Parsers that the HTTP client of webhooks has for machines without SIMD, and for experiments; Lambda's have it.
    external: ['*/llhttp/llhttp-wasm.js', '*/milo/simd.js', '*/milo/no-simd.js'],
    // CommonJS packages inside an ES module bundle still call require for Node's own modules.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    plugins: [leanKafkaClient, builtModules],
    metafile: true,
    logLevel: 'silent',
  });
  await Promise.all(
    foldersOfTransforms(metafile).flatMap((folder) =>
      filesOfTransforms.map((file) =>
        copyFile(join(root, 'node_modules', file), join(folder, basename(file))),
      ),
    ),
  );
}

/** The folders of the bundles that have the engine of transforms in them. */
function foldersOfTransforms({ outputs }: Metafile): string[] {
  return Object.entries(outputs)
    .filter(([, { inputs }]) => 'lib/adapters/quickjs-engine.ts' in inputs)
    .map(([output]) => resolve(root, dirname(output)));
}
