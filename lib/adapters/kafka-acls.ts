import {
  type Acl,
  type AclFilter,
  AclOperations,
  AclPermissionTypes,
  createAclsV2,
  deleteAclsV2,
  describeAclsV2,
  ResourcePatternTypes,
  ResourceTypes,
} from '@platformatic/kafka';
import type { SourceReaders } from '../app/ports/source-readers.ts';
import type { StreamCluster } from '../app/ports/stream-cluster.ts';
import type { Operator } from './kafka-operator.ts';

/** Rights of users, by Kafka's protocol, which MSK has no other way for. */
export function createKafkaAcls(operate: Operator): Pick<StreamCluster, 'ensureAcls' | 'removeAcls'> {
  return {
    ensureAcls: (username, { topics, groupPrefix }) =>
      ensure(operate, username, [
        ...topics.flatMap((topic) => topicAcls(username, topic)),
        groupAcl(username, groupPrefix, ResourcePatternTypes.PREFIXED),
      ]),
    removeAcls: (username) => removeAll(operate, username),
  };
}

/** The rights of sources' users. */
export function createSourceReaders(operate: Operator): SourceReaders {
  return {
    letRead: ({ username, topic, consumerGroup }) =>
      ensure(operate, username, [
        ...topicAcls(username, topic),
        groupAcl(username, consumerGroup, ResourcePatternTypes.LITERAL),
      ]),
    letReadNothing: (username) => removeAll(operate, username),
  };
}

/** Makes these rights the user's only ones. What is missing comes first: a reader in between is not held up. */
function ensure(operate: Operator, username: string, wanted: readonly Acl[]): Promise<void> {
  return operate(async (connection) => {
    const { resources } = await describeAclsV2.api.async(connection, allOf(username));
    const there = resources.flatMap(({ acls, ...target }) => acls.map((acl) => ({ ...target, ...acl })));
    const isIn = (acls: readonly Acl[], acl: Acl) => acls.some((one) => isSame(one, acl));
    const missing = wanted.filter((acl) => !isIn(there, acl));
    const others = there.filter((acl) => !isIn(wanted, acl));
    if (missing.length > 0) await createAclsV2.api.async(connection, missing);
    if (others.length > 0) await deleteAclsV2.api.async(connection, others);
  });
}

function removeAll(operate: Operator, username: string): Promise<void> {
  return operate(async (connection) => {
    await deleteAclsV2.api.async(connection, [allOf(username)]);
  });
}

/** By its exact name, so that nothing that is named like it later can be read. */
function topicAcls(username: string, topic: string): Acl[] {
  const target = {
    resourceType: ResourceTypes.TOPIC,
    resourceName: topic,
    resourcePatternType: ResourcePatternTypes.LITERAL,
  };
  const { READ, DESCRIBE } = AclOperations;
  return [READ, DESCRIBE].map((operation) => ({ ...target, ...allow(username, operation) }));
}

function groupAcl(username: string, name: string, pattern: Acl['resourcePatternType']): Acl {
  const target = { resourceType: ResourceTypes.GROUP, resourceName: name, resourcePatternType: pattern };
  return { ...target, ...allow(username, AclOperations.READ) };
}

function allow(username: string, operation: Acl['operation']) {
  return {
    principal: principalOf(username),
    host: '*',
    operation,
    permissionType: AclPermissionTypes.ALLOW,
  };
}

function allOf(username: string): AclFilter {
  return {
    resourceType: ResourceTypes.ANY,
    resourceName: null,
    resourcePatternType: ResourcePatternTypes.ANY,
    principal: principalOf(username),
    host: null,
    operation: AclOperations.ANY,
    permissionType: AclPermissionTypes.ANY,
  };
}

function principalOf(username: string): string {
  return `User:${username}`;
}

function isSame(one: Acl, other: Acl): boolean {
  return (Object.keys(one) as (keyof Acl)[]).every((field) => one[field] === other[field]);
}
