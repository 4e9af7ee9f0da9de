import { pathPattern } from '../operation.ts';
import type { JsonSchema } from './description.ts';

/** What the parameters of paths name, and an id of each. */
const named: Readonly<Record<string, readonly [description: string, example: string]>> = {
  org: ["The org's id.", 'acme'],
  key: ["The key's id.", 'key_abcdefghijkmnpqrstuv'],
  endpoint: ["The endpoint's id.", 'orders'],
  event: ["The event's id: Fanout's own, or the one that its publisher gave.", 'evt_123'],
  delivery: ["The delivery's id.", '01JD7Q3V5N8R2T4W6Y8Z0A1B2C-orders'],
  replay: ["The replay's id.", 'replay_abcdefghijkmnpqrstuv'],
  node: ["The node's identifier.", 'publish-event'],
  run: ["The run's id.", 'wfr_a1b2c3d4e5f6g7h8'],
  nodeRun: ["The id of the node's run.", 'wfnr_a1b2c3d4e5f6g7h8'],
  source: ["The source's name.", 'ingest'],
  id: ["The quarantined record's id.", '01JD7Q3V5N8R2T4W6Y8Z0A1B2C'],
};

/** The parameters of a path such as `/v1/orgs/{org}`. */
export function pathParameters(path: string): JsonSchema[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => {
    const [description, example] = named[name!]!;
    return {
      name,
      in: 'path',
      required: true,
      description,
      schema: { type: 'string', pattern: pathPattern(name!).source },
      example,
    };
  });
}
