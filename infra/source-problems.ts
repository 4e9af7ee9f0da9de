import { idPattern } from '../lib/core/identifiers.ts';
import { leastRateLimit } from '../lib/core/rate-limit.ts';
import { publishedName } from '../lib/core/source.ts';
import {
  hasMadeTopic,
  localListeners,
  type SelfManagedCluster,
  sourceDescriptions,
  type SourceSettings,
  type StoredSecret,
} from './source-settings.ts';

/** Takes a rule that may not hold, as `field: rule`. */
export type Check = (holds: boolean, field: string, rule: string) => void;

/** What of a stage decides whether its sources can be built. */
interface SourcesOfStage {
  readonly name: string;
  readonly region: string;
  readonly sources: Readonly<Record<string, SourceSettings>>;
}

/** Lambda's limit is 4 KiB for all variables of a function; the others take less than one. */
const mostDirectoryBytes = 3072;

/** A whole number from `least` to `most`. */
export function whole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

/** Checks each source by itself, then what must not be said by two of them. */
export function checkSources(settings: SourcesOfStage, check: Check): void {
  const sources = Object.entries(settings.sources);
  for (const [name, source] of sources) {
    const at = `sources.${name}`;
    check(
      /^[a-z][a-z0-9-]{0,39}$/.test(name),
      at,
      'a source name has 1 to 40 lower-case letters, digits and dashes, and starts with a letter',
    );
    check(name !== publishedName, at, 'what is published over HTTP has this name already: take another');
    checkTopic(source, at, check);
    checkRate(source, at, check);
    if (source.cluster.kind === 'self-managed') checkSelfManaged(source.cluster, settings, at, check);
  }
  check(sources.length > 0, 'sources', 'name at least one source');
  checkTogether(sources, settings.name, check);
  const bytes = Buffer.byteLength(JSON.stringify(sourceDescriptions(settings.sources)));
  check(
    bytes <= mostDirectoryBytes,
    'sources',
    `take ${bytes} of the ${mostDirectoryBytes} bytes that functions have room for: shorten names and topics`,
  );
}

function checkTopic(source: SourceSettings, at: string, check: Check): void {
  const { minimum, maximum } = source.pollers;
  check(whole(source.number, 1, 1023), `${at}.number`, 'must be a whole number from 1 to 1023');
  check(
    /^[A-Za-z0-9._-]{1,249}$/.test(source.topic) && !/^\.\.?$/.test(source.topic),
    `${at}.topic`,
    'is not a Kafka topic name',
  );
  // Partition numbers have 14 bits in an event id.
  check(whole(source.partitions, 1, 16_383), `${at}.partitions`, 'must be a whole number from 1 to 16383');
  // Lambda: https://docs.aws.amazon.com/lambda/latest/api/API_SelfManagedKafkaEventSourceConfig.html
  check(
    /^[A-Za-z0-9/*:_+=.@-]{1,200}$/.test(source.consumerGroupId),
    `${at}.consumerGroupId`,
    'must have 1 to 200 letters, digits and characters of /*:_+=.@-',
  );
  const [prefix = '', ...rest] = source.consumerGroupId.split('.');
  check(
    source.cluster.kind !== 'msk' || rest.length === 0 || !idPattern.test(prefix),
    `${at}.consumerGroupId`,
    `on our own cluster, groups that begin with '${prefix}.' are those of the org '${prefix}': write it without the dot`,
  );
  check(
    source.cluster.kind !== 'msk' || !source.consumerGroupId.includes(':'),
    `${at}.consumerGroupId`,
    'must have no colon on our own cluster: MSK tells no lag of such groups, and no alarm would see that a source has stopped',
  );
  check(whole(source.batchSize, 1, 1000), `${at}.batchSize`, 'must be a whole number from 1 to 1000');
  check(
    whole(source.batchWindowSeconds, 0, 300),
    `${at}.batchWindowSeconds`,
    'must be a whole number from 0 to 300 seconds',
  );
  check(whole(minimum, 1, 200), `${at}.pollers.minimum`, 'must be a whole number from 1 to 200');
  check(whole(maximum, 1, 2000), `${at}.pollers.maximum`, 'must be a whole number from 1 to 2000');
  check(!(minimum > maximum), `${at}.pollers`, `the minimum is ${minimum} and the maximum only ${maximum}`);
}

function checkRate({ rateLimit, partitions, batchSize }: SourceSettings, at: string, check: Check): void {
  if (rateLimit === undefined) return;
  if (!whole(rateLimit, 1, Number.MAX_SAFE_INTEGER))
    return check(false, `${at}.rateLimit`, 'must be a whole number of records a second, from 1');
  const least = leastRateLimit(partitions, batchSize);
  check(
    !(rateLimit < least),
    `${at}.rateLimit`,
    `must be at least ${least} records a second with ${partitions} partitions and a batchSize of ${batchSize}, ` +
      `or batches outlast the function: raise it, or ${smallerBatch(rateLimit, partitions, batchSize)}`,
  );
}

/** What else would do, for a rate that is too low. */
function smallerBatch(rateLimit: number, partitions: number, batchSize: number): string {
  let fitting = batchSize;
  while (fitting > 0 && leastRateLimit(partitions, fitting) > rateLimit) fitting--;
  return fitting > 0
    ? `take a batchSize of ${fitting}`
    : 'have fewer partitions (no batchSize is small enough)';
}

/** @param owner whose cluster it is, such as `sources.ingest` */
export function checkSelfManaged(
  cluster: SelfManagedCluster,
  { name, region }: Pick<SourcesOfStage, 'name' | 'region'>,
  owner: string,
  check: Check,
): void {
  const at = `${owner}.cluster`;
  const { bootstrapServers: servers, authentication, credentials, certificateAuthority, network } = cluster;
  const local = Object.values<string>(localListeners);
  check(whole(servers.length, 1, 10), `${at}.bootstrapServers`, 'must name 1 to 10 servers');
  for (const server of servers) {
    check(isServer(server), `${at}.bootstrapServers`, `"${server}" is not host:port`);
    check(
      !/\.localhost(:|$)/.test(server) || (name === 'local' && local.includes(server)),
      `${at}.bootstrapServers`,
      name === 'local'
        ? `"${server}" is no listener of the local broker: those are ${local.join(' and ')}`
        : `"${server}" is the local machine's own broker, which only the local stage has (Lambda refuses SASL without TLS)`,
    );
  }
  check(
    !servers.some((server) => local.includes(server)) || servers.length === 1,
    `${at}.bootstrapServers`,
    'a listener of the local broker stands alone',
  );
  check(
    authentication !== 'none' || !servers.some((server) => local.includes(server)),
    `${at}.authentication`,
    "must not be 'none' at a listener of the local broker: each asks for a user",
  );
  check(
    (authentication === 'none') === (credentials === undefined),
    `${at}.credentials`,
    authentication === 'none'
      ? "are of no use with authentication 'none'"
      : `are needed with authentication '${authentication}': the ARN of a secret with {"username", "password"}`,
  );
  check(
    authentication !== 'none' || network !== undefined,
    `${at}.network`,
    "is needed with authentication 'none': Lambda reads without a user only inside a VPC",
  );
  if (credentials) checkSecret(credentials, region, `${at}.credentials`, check);
  if (certificateAuthority) checkSecret(certificateAuthority, region, `${at}.certificateAuthority`, check);
  if (network) checkNetwork(network, `${at}.network`, check);
}

function checkSecret({ secretArn, keyArn }: StoredSecret, region: string, at: string, check: Check): void {
  const secret =
    /^arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):\d{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}$/.exec(
      secretArn,
    );
  check(
    secret !== null,
    `${at}.secretArn`,
    `"${secretArn}" is not the whole ARN of a secret: arn:aws:secretsmanager:<region>:<account>:secret:<name>-<6 characters>`,
  );
  check(
    secret === null || secret[1] === region,
    `${at}.secretArn`,
    `is in ${secret?.[1]}, but Lambda reads secrets in its own region only, ${region}`,
  );
  check(
    keyArn === undefined || /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/.test(keyArn),
    `${at}.keyArn`,
    `"${keyArn}" is not the ARN of a KMS key: arn:aws:kms:<region>:<account>:key/<id>`,
  );
}

function checkNetwork(
  { subnetIds, securityGroupIds }: NonNullable<SelfManagedCluster['network']>,
  at: string,
  check: Check,
): void {
  const all = (ids: readonly string[], most: number, shape: RegExp) =>
    whole(ids.length, 1, most) && ids.every((id) => shape.test(id));
  check(all(subnetIds, 16, /^subnet-[0-9a-z]+$/), `${at}.subnetIds`, 'must be 1 to 16 ids as subnet-0abc');
  check(
    all(securityGroupIds, 5, /^sg-[0-9a-zA-Z]+$/),
    `${at}.securityGroupIds`,
    'must be 1 to 5 ids as sg-0abc',
  );
}

function checkTogether(
  sources: readonly (readonly [string, SourceSettings])[],
  stage: string,
  check: Check,
): void {
  const all = sources.map(([, source]) => source);
  const differ = (values: readonly (number | string)[]) => new Set(values).size === values.length;
  check(differ(all.map(({ number }) => number)), 'sources', 'each source needs a number of its own');
  // Lambda's rule for all Kafka event sources; two in one group would each see a part of the records.
  check(
    differ(all.map(({ consumerGroupId }) => consumerGroupId)),
    'sources',
    'each source needs a consumerGroupId of its own',
  );
  const made = all.filter((source) => hasMadeTopic(source, stage)).map(({ topic }) => topic);
  check(
    differ(made),
    'sources',
    'each source on our own cluster needs a topic of its own, unless it says `topicExists`: the deploy makes it',
  );
}

/** `host:port` with a name, an IPv4 address, or an IPv6 address in brackets. */
function isServer(server: string): boolean {
  const port = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/.exec(
    server,
  )?.[1];
  return port !== undefined && whole(Number(port), 1, 65_535);
}
