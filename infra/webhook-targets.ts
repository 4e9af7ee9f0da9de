import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { localAuthority, sourceDescriptions, type SourceSettings } from './source-settings.ts';
import { type Check, whole } from './source-problems.ts';

/** Where webhooks and messages of a stage may go. */
export interface WebhookTargetSettings {
  /**
   * Lets webhook URLs use plain HTTP and loopback addresses. Only for the local stage: on AWS it would let a
   * tenant reach what listens inside the function's own sandbox.
   */
  readonly allowLoopbackTargets: boolean;
  /** Ports that webhooks may go to, 1 to 20 of them, or 'any'. */
  readonly webhookPorts: readonly number[] | 'any';
  /**
   * Public address ranges that webhooks may not go to, in CIDR notation (`203.0.113.0/24`, `2600:1f18::/32`): the
   * stage's own. Private ranges are refused anyway.
   */
  readonly deniedAddressRanges: readonly string[];
  /**
   * Certificates (PEM) of authorities that brokers of Kafka endpoints may have theirs from, beside the public ones that
   * Node.js knows; usually none. With the ranges and sources they have room for 3 KiB.
   */
  readonly kafkaCertificateAuthorities: readonly string[];
}

interface TargetsOfStage extends WebhookTargetSettings {
  readonly name: string;
  readonly sources: Readonly<Record<string, SourceSettings>>;
}

/** Lambda's limit is 4 KiB for all variables of a function; what is not of these settings takes less than one. */
const mostVariableBytes = 3072;

/** Checks ports and address ranges. */
export function checkWebhookTargets(settings: TargetsOfStage, check: Check): void {
  const { webhookPorts: ports, deniedAddressRanges: ranges, kafkaCertificateAuthorities } = settings;
  check(
    settings.name === 'local' || !settings.allowLoopbackTargets,
    'allowLoopbackTargets',
    'only the local stage may set it',
  );
  check(
    ports === 'any' || (whole(ports.length, 1, 20) && new Set(ports).size === ports.length),
    'webhookPorts',
    "must be 'any' or 1 to 20 ports, each once",
  );
  for (const port of ports === 'any' ? [] : ports) {
    check(whole(port, 1, 65_535), 'webhookPorts', `${port} is not a port from 1 to 65535`);
  }
  for (const range of ranges) {
    check(
      isAddressRange(range),
      'deniedAddressRanges',
      `"${range}" is not a range in CIDR notation, such as 203.0.113.0/24 or 2600:1f18::/32`,
    );
  }
  for (const [at, certificate] of kafkaCertificateAuthorities.entries()) {
    check(
      isCertificate(certificate) || (settings.name === 'local' && certificate === localAuthority),
      'kafkaCertificateAuthorities',
      `number ${at + 1} is no certificate in PEM`,
    );
  }
  checkRoom(settings, check);
}

/** Functions have what is set here as variables. */
function checkRoom(settings: TargetsOfStage, check: Check): void {
  const bytesOf = (values: readonly string[]) => (values.length > 0 ? JSON.stringify(values).length : 0);
  const ranges = bytesOf(settings.deniedAddressRanges);
  const authorities = bytesOf(settings.kafkaCertificateAuthorities);
  const sources = Buffer.byteLength(JSON.stringify(sourceDescriptions(settings.sources)));
  const all = sources + ranges + authorities;
  if (all <= mostVariableBytes) return;
  const taken = `${all} of the ${mostVariableBytes} bytes that functions have room for`;
  check(ranges === 0, 'deniedAddressRanges', `take, with the sources, ${taken}: name fewer, larger ranges`);
  check(authorities === 0, 'kafkaCertificateAuthorities', `take, with the sources, ${taken}: name fewer`);
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).ca;
  } catch {
    return false;
  }
}

function isAddressRange(range: string): boolean {
  const [network, bits, ...more] = range.split('/');
  if (network === undefined || bits === undefined || more.length > 0) return false;
  const family = isIP(network);
  if (family === 0 || network.includes('%') || !/^\d{1,3}$/.test(bits)) return false;
  return Number(bits) <= (family === 4 ? 32 : 128);
}
