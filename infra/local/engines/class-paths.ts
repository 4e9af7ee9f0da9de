import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { ended, endNow, spawnFollowing } from './children.ts';

/** The Maven projects that name the engines' versions, and the configuration files that go with them. */
export const mavenFolder = fileURLToPath(new URL('maven/', import.meta.url));

/** What is kept from one start to the next, until dependencies are installed anew. */
export const cacheFolder = fileURLToPath(
  new URL('../../../node_modules/.cache/fanout-engines/', import.meta.url),
);
const modules = ['kafka', 'dynamodb', 'elasticmq'] as const;

/** The files that each engine needs: `.jar` files and native libraries. */
export type ClassPaths = Record<(typeof modules)[number], string[]>;

/** The class paths that an earlier start stored for these very projects, if all their files are still there. */
export async function storedClassPaths(): Promise<ClassPaths | undefined> {
  try {
    const stored = JSON.parse(await readFile(await cacheFile(), 'utf8')) as ClassPaths;
    await Promise.all(modules.flatMap((module) => stored[module].map((file) => access(file))));
    return stored;
  } catch {
    return undefined;
  }
}

/**
 * Lets Maven fetch what is missing, and stores the class paths for the next start.
 * @param folder for what Maven writes
 * @throws Error with the end of what Maven said
 */
export async function fetchClassPaths(folder: string, say: (line: string) => void): Promise<ClassPaths> {
  say('Maven fetches Kafka, DynamoDB Local and ElasticMQ: once, about 160 MB …');
  const began = Date.now();
  const progress = setInterval(
    () => say(`… still fetching, ${Math.round((Date.now() - began) / 1000)} s`),
    10_000,
  );
  try {
    await runMaven(folder);
  } finally {
    clearInterval(progress);
  }
  const found = await readClassPaths(folder);
  await store(found);
  return found;
}

async function runMaven(folder: string): Promise<void> {
  const logFile = path.join(folder, 'maven.log');
  const log = await open(logFile, 'w');
  const goal = ['dependency:build-classpath', `-Dclasspath.folder=${folder}`];
  const child = spawnFollowing(
    'mvn',
    ['-B', '-ntp', '-q', '-Dstyle.color=never', '-f', path.join(mavenFolder, 'pom.xml'), ...goal],
    {
      cwd: folder,
      stdio: ['ignore', log.fd, log.fd],
    },
  );
  const how = await ended(child).finally(() => endNow(child));
  await log.close();
  if (how === 'code 0') return;
  const lines = stripVTControlCharacters(await readFile(logFile, 'utf8'))
    .trimEnd()
    .split('\n');
  // Maven's own last lines are advice on Maven; what went wrong is said before.
  const telling = lines.filter(
    (line) => !/\[Help \d\]|re-run maven|For more information|^(\[ERROR\])?\s*@?\s*$/i.test(line),
  );
  throw new Error(`Maven could not fetch the engines (${how}):\n${telling.slice(-10).join('\n')}`);
}

async function readClassPaths(folder: string): Promise<ClassPaths> {
  const read = async (module: string): Promise<string[]> =>
    (await readFile(path.join(folder, `${module}.classpath`), 'utf8')).trim().split(path.delimiter);
  const [kafka, dynamodb, elasticmq] = await Promise.all(modules.map(read));
  return { kafka: kafka ?? [], dynamodb: dynamodb ?? [], elasticmq: elasticmq ?? [] };
}

/** Renamed into place, so that another Fanout that starts now reads all of it or nothing. */
async function store(classPaths: ClassPaths): Promise<void> {
  await mkdir(cacheFolder, { recursive: true });
  const unfinished = path.join(cacheFolder, `${randomUUID()}.unfinished`);
  await writeFile(unfinished, JSON.stringify(classPaths));
  await rename(unfinished, await cacheFile());
}

async function cacheFile(): Promise<string> {
  const hash = createHash('sha256');
  for (const project of ['', ...modules])
    hash.update(await readFile(path.join(mavenFolder, project, 'pom.xml')));
  return path.join(cacheFolder, `${hash.digest('hex').slice(0, 32)}.json`);
}
