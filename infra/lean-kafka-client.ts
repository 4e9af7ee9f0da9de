import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

const client = '@platformatic/kafka';
const validator = 'ajv/dist/2020.js';
const leftOut = 'left-out-of-bundles';

/**
 * Functions use the connections and requests of Kafka's client, not its producer, consumer and administrator. Those
 * compile a schema for each of their options, and load a validator for it, when the package is loaded: most of the
 * quarter of a second that it takes, which each execution environment would spend on its first message.
 *
 * In a bundle, the modules that nothing is imported from are left out: they only define things, which the package does
 * not say. The validator is, too; where something would be checked with it after all, that throws.
 */
export const leanKafkaClient: Plugin = {
  name: 'lean-kafka-client',
  setup(build) {
    const entry = fileURLToPath(import.meta.resolve(client));
    build.onResolve({ filter: /^@platformatic\/kafka$/ }, () => ({ path: entry, sideEffects: false }));
    // Asked for each import that looks like one of its own: what it answers must be at hand, for bundles to be made soon.
    build.onResolve({ filter: /^\..*\.js$/ }, ({ path, importer, resolveDir }) =>
      importer.includes(`/node_modules/${client}/`)
        ? { path: join(resolveDir, path), sideEffects: false }
        : undefined,
    );
    build.onResolve({ filter: /^ajv\/dist\/2020\.js$/ }, ({ path }) => ({ path, namespace: leftOut }));
    build.onLoad({ filter: /^/, namespace: leftOut }, () => ({ contents: withoutValidator }));
  },
};

const withoutValidator = `
const compile = () => () => {
  throw new Error('${validator} is left out of bundles');
};
export class Ajv2020 {
  addKeyword() {}
  compile = compile;
}
`;
