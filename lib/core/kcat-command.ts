import type { StreamConnection } from './stream.ts';

/** Who connects, and what he reads. */
export interface KcatAccess extends StreamConnection {
  readonly username: string;
  /** Stands where the password does. */
  readonly password: string;
}

const lineBreak = ' \\\n     ';

/** A command that lists the topics: its answer says that the user is let in. */
export function kcatList(access: KcatAccess): string {
  return [...signIn(access), '-L'].join(lineBreak);
}

/** A command that prints a topic from its first record on. */
export function kcatConsume(access: KcatAccess, topic: string): string {
  return [...signIn(access), `-C -t ${topic} -o beginning`].join(lineBreak);
}

/** Nothing in it needs quotes: ids of orgs, addresses and our own texts have no characters of a shell's. */
function signIn({ bootstrapServers, securityProtocol, username, password }: KcatAccess): string[] {
  return [
    `kcat -b ${bootstrapServers}`,
    `-X security.protocol=${securityProtocol}`,
    '-X sasl.mechanism=SCRAM-SHA-512',
    `-X sasl.username=${username}`,
    `-X sasl.password=${password}`,
  ];
}
