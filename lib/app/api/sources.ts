import { type output, z } from 'zod';
import { mapAtOnce } from '../../core/map-at-once.ts';
import { leastRateLimit } from '../../core/rate-limit.ts';
import type { RecordPosition, SourceConfig, SourceDescription } from '../../core/source.ts';
import type { Transform } from '../../core/transform.ts';
import type { Documents } from '../ports/documents.ts';
import type { QuarantineReader } from '../ports/events.ts';
import type { TransformRunner } from '../ports/transforms.ts';
import { readListQuery, unknownCursor } from './listing.ts';
import { type Operations, withBody } from './operation.ts';
import { Problem, notFound } from './problem.ts';

export interface SourceDependencies {
  /** The sources of the stage. */
  readonly known: readonly SourceDescription[];
  readonly configs: Documents<SourceConfig>;
  readonly transforms: Pick<TransformRunner, 'check'>;
  readonly quarantine: Pick<QuarantineReader, 'at'>;
  readonly now: () => number;
}

/** A transform as the API takes it; its code is compiled apart from that. */
export const transformSchema = z.strictObject({
  language: z.enum(['javascript', 'jmespath']),
  code: z.string().min(1),
});
const sourceChange = z.strictObject({
  transform: transformSchema.nullable().optional(),
  rate_limit: z
    .int('must be a whole number of records a second, or null')
    .min(1, 'must be at least 1 record a second, or null')
    .max(1_000_000)
    .nullable()
    .optional(),
});
const skipped = z.strictObject({
  partition: z.number().int().min(0),
  offset: z
    .number()
    .int()
    .min(0)
    .max(2 ** 46 - 1),
});

/** Offsets that may wait to be skipped. */
const mostSkips = 100;

/** What of the sources can be changed while they run: transform, rate, and records that hold a partition up. */
export function sourceOperations(dependencies: SourceDependencies): Operations {
  const { known, configs, transforms, quarantine, now } = dependencies;
  const save = async (
    id: string,
    change: (config: SourceConfig) => Omit<SourceConfig, 'id' | 'updatedAt'>,
  ) => {
    const changed = (config: SourceConfig): SourceConfig => ({
      id,
      ...change(config),
      updatedAt: new Date(now()).toISOString(),
    });
    for (;;) {
      const updated = await configs.update(id, changed);
      if (updated) return updated;
      const first = changed({ id, transformVersions: 0, skips: [], updatedAt: '' });
      if ((await configs.create(first)) === 'created') return first;
    }
  };

  /** Those that have come, and are in quarantine: looked for once the list is full. */
  const passedSkips = async (
    { number }: SourceDescription,
    skips: readonly RecordPosition[],
  ): Promise<RecordPosition[]> => {
    if (skips.length < mostSkips) return [];
    const found = await mapAtOnce(skips, 16, (skip) => quarantine.at({ source: number, ...skip }));
    return skips.filter((_, at) => found[at] !== undefined);
  };

  return {
    'GET /v1/sources': {
      roles: [],
      async run({ query }) {
        const { limit, cursor } = readListQuery(query);
        const from = cursor ? known.findIndex(({ name }) => name === cursor) + 1 : 0;
        if (cursor && from === 0) throw unknownCursor();
        const page = known.slice(from, from + limit);
        const data = await Promise.all(
          page.map(async (source) => present(source, await configs.get(source.name))),
        );
        const isLast = from + limit >= known.length;
        return { status: 200, body: { data, next_cursor: isLast ? null : page.at(-1)!.name } };
      },
    },

    'GET /v1/sources/{source}': {
      roles: [],
      async run({ path }) {
        const source = sourceNamed(known, path['source']!);
        return { status: 200, body: present(source, await configs.get(source.name)) };
      },
    },

    'PUT /v1/sources/{source}': withBody([], sourceChange, async ({ path, body }) => {
      const source = sourceNamed(known, path['source']!);
      checkRate(source, body);
      if (body.transform) await checkTransform(transforms, body.transform);
      const config = await save(source.name, (before) => ({
        ...nextTransform(before, body.transform),
        rateLimit: body.rate_limit === undefined ? before.rateLimit : (body.rate_limit ?? undefined),
        skips: before.skips,
      }));
      return { status: 200, body: present(source, config) };
    }),

    'POST /v1/sources/{source}/skip': withBody([], skipped, async ({ path, body }) => {
      const source = sourceNamed(known, path['source']!);
      if (body.partition >= source.partitions) {
        const message = `must be below ${source.partitions}: so many partitions has ${source.topic}`;
        throw new Problem('invalid_request', '1 field is not valid.', [{ path: 'partition', message }]);
      }
      const passed = await passedSkips(source, (await configs.get(source.name))?.skips ?? []);
      const config = await save(source.name, (before) => ({
        ...before,
        skips: withSkip(before.skips, passed, body),
      }));
      return { status: 200, body: present(source, config) };
    }),
  };
}

/** @throws Problem when the stage has no such source */
export function sourceNamed(known: readonly SourceDescription[], name: string): SourceDescription {
  const source = known.find((one) => one.name === name);
  if (!source) throw notFound('source', name);
  return source;
}

function checkRate(source: SourceDescription, { rate_limit }: output<typeof sourceChange>): void {
  const least = leastRateLimit(source.partitions, source.batchSize);
  if (rate_limit === undefined || rate_limit === null || rate_limit >= least) return;
  const message =
    `must be at least ${least}: at a lower rate the ${source.partitions} partitions' batches of up to ` +
    `${source.batchSize} records would wait for longer than an invocation lasts (a smaller batchSize allows less)`;
  throw new Problem('invalid_request', '1 field is not valid.', [{ path: 'rate_limit', message }]);
}

/** @throws Problem with line and column when the code does not compile */
export async function checkTransform(
  transforms: Pick<TransformRunner, 'check'>,
  transform: Transform,
): Promise<void> {
  const fault = await transforms.check(transform);
  if (!fault) return;
  const place = [fault.line && `line ${fault.line}`, fault.column && `column ${fault.column}`];
  const message = [fault.message, place.filter(Boolean).join(', ')].filter(Boolean).join(' at ');
  throw new Problem('invalid_request', 'The transform does not compile.', [
    { path: 'transform.code', message },
  ]);
}

/** The same code keeps its version, so that saving it twice changes nothing. */
function nextTransform(
  { transform: before, transformVersions }: SourceConfig,
  transform: Transform | null | undefined,
): Pick<SourceConfig, 'transform' | 'transformVersions'> {
  if (transform === undefined) return { transform: before, transformVersions };
  if (transform === null) return { transformVersions };
  if (before?.language === transform.language && before.code === transform.code) {
    return { transform: before, transformVersions };
  }
  const version = transformVersions + 1;
  return { transform: { ...transform, version }, transformVersions: version };
}

const isSame = (one: RecordPosition, other: RecordPosition) =>
  one.partition === other.partition && one.offset === other.offset;

/** @throws Problem when too many wait already */
function withSkip(
  skips: readonly RecordPosition[],
  passed: readonly RecordPosition[],
  { partition, offset }: RecordPosition,
): RecordPosition[] {
  const skip = { partition, offset };
  const others = skips.filter((one) => !isSame(one, skip) && !passed.some((other) => isSame(one, other)));
  if (others.length >= mostSkips) {
    throw new Problem('conflict', `${mostSkips} offsets wait to be skipped; more fit once these have come.`);
  }
  return [...others, skip];
}

function present(source: SourceDescription, config: SourceConfig | undefined) {
  return {
    name: source.name,
    topic: source.topic,
    partitions: source.partitions,
    batch_size: source.batchSize,
    cluster: source.cluster,
    transform: config?.transform ?? null,
    rate_limit: config?.rateLimit ?? source.rateLimit ?? null,
    skips: config?.skips ?? [],
    updated_at: config?.updatedAt ?? null,
  };
}
