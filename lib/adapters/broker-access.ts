import type { KafkaSettings } from '../core/stream-cluster-settings.ts';
import type { BrokerAccess } from './kafka-operator.ts';
import { readSecret } from './secrets.ts';

/** How the operator of a cluster reaches it, with what the secrets hold now. */
export async function operatorAccess(settings: KafkaSettings): Promise<BrokerAccess> {
  const { bootstrapServers, securityProtocol, saslMechanism: mechanism, certificateAuthority } = settings;
  const { username, password } = await readFields(settings.credentials, ['username', 'password']);
  const authority = certificateAuthority && (await readFields(certificateAuthority, ['certificate']));
  return {
    bootstrapServers,
    tls: securityProtocol === 'SASL_SSL',
    ...(authority && { certificateAuthority: authority.certificate }),
    sasl: { mechanism, username, password },
  };
}

/** @throws Error when the secret is not an object with these texts */
async function readFields<Name extends string>(
  arn: string,
  names: readonly Name[],
): Promise<Record<Name, string>> {
  const fields = objectIn(await readSecret(arn));
  for (const name of names) {
    if (typeof fields[name] !== 'string') throw new Error(`secret ${arn} has no "${name}"`);
  }
  return fields as Record<Name, string>;
}

/** What is no object has nothing in it: an error of the parser's would show the beginning of the text. */
function objectIn(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return {};
  }
}
