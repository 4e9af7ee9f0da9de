import { resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';

const root = resolve(import.meta.dirname, '..');

/**
 * Modules called `….built.ts` are run when a bundle is made, and what they export stands in it: what is the same for every
 * call need not be worked out in a function, nor what works it out be in its bundle.
 */
export const builtModules: Plugin = {
  name: 'built modules',
  setup(builder) {
    builder.onLoad({ filter: /\.built\.ts$/ }, async ({ path }) => {
      const { outputFiles } = await build({
        absWorkingDir: root,
        entryPoints: [path],
        bundle: true,
        write: false,
        platform: 'node',
        format: 'esm',
        logLevel: 'silent',
      });
      const code = Buffer.from(outputFiles[0]!.contents).toString('base64');
      const exported = (await import(`data:text/javascript;base64,${code}`)) as Record<string, unknown>;
      const contents = Object.entries(exported)
        .map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`)
        .join('\n');
      return { contents };
    });
  },
};
