import { kcatConsume, kcatList } from '../../core/kcat-command.ts';
import { type Stream, streamPrefix, topicName } from '../../core/stream.ts';
import { mask } from './mask.ts';
import { rfc3339 } from './rfc3339.ts';

/** The password in commands, for the reader to put in: a shell quotes nothing else in them. */
const passwordPlaceholder = "'<PASSWORD>'";

/** A stream as the API shows it, with how consumers connect. */
export function presentStream(stream: Stream) {
  const { orgId, state, partitions, topics, user, next, former, connection, error } = stream;
  return {
    status: state,
    ...(error && { error }),
    topics: Object.fromEntries(topics.map((topic) => [topic, topicName(orgId, topic)])),
    partitions,
    group_prefix: streamPrefix(orgId),
    username: user.username,
    password: mask(user.password),
    ...(connection && {
      bootstrap_servers: connection.bootstrapServers,
      security_protocol: connection.securityProtocol,
    }),
    sasl_mechanism: 'SCRAM-SHA-512',
    ...(next && { next: { username: next.username, password: mask(next.password) } }),
    ...(former && { former: { username: former.username, valid_until: rfc3339(former.untilMs) } }),
    ...(connection && { commands: commandsFor(stream, connection) }),
    created_at: stream.createdAt,
    updated_at: stream.updatedAt,
  };
}

function commandsFor({ orgId, user, topics }: Stream, connection: NonNullable<Stream['connection']>) {
  const access = { ...connection, username: user.username, password: passwordPlaceholder };
  return {
    list: kcatList(access),
    consume: Object.fromEntries(topics.map((topic) => [topic, kcatConsume(access, topicName(orgId, topic))])),
  };
}
