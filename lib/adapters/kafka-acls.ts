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
import type { ReadRights, StreamCluster } from '../app/ports/stream-cluster.ts';
import type { Operator } from './kafka-operator.ts';

/** Rights of users, by Kafka's protocol, which MSK has no other way for. */
export function createKafkaAcls(operate: Operator): Pick<StreamCluster, 'ensureAcls' | 'removeAcls'> {
  return {
    ensureAcls: (username, rights) =>
      operate(async (connection) => {
        const wanted = aclsOf(username, rights);
        const { resources } = await describeAclsV2.api.async(connection, allOf(username));
        const there = resources.flatMap(({ acls, ...target }) => acls.map((acl) => ({ ...target, ...acl })));
        const isIn = (acls: readonly Acl[], acl: Acl) => acls.some((one) => isSame(one, acl));
        const missing = wanted.filter((acl) => !isIn(there, acl));
        const others = there.filter((acl) => !isIn(wanted, acl));
        if (missing.length > 0) await createAclsV2.api.async(connection, missing);
        if (others.length > 0) await deleteAclsV2.api.async(connection, others);
      }),

    removeAcls: (username) =>
      operate(async (connection) => {
        await deleteAclsV2.api.async(connection, [allOf(username)]);
      }),
  };
}

/** Topics by their exact names, so that nothing that is named like them later can be read. */
function aclsOf(username: string, { topics, groupPrefix }: ReadRights): Acl[] {
  const { READ, DESCRIBE } = AclOperations;
  const allow = (operation: Acl['operation']) => ({
    principal: principalOf(username),
    host: '*',
    operation,
    permissionType: AclPermissionTypes.ALLOW,
  });
  const group = {
    resourceType: ResourceTypes.GROUP,
    resourceName: groupPrefix,
    resourcePatternType: ResourcePatternTypes.PREFIXED,
  };
  return [
    ...topics.flatMap((topic) =>
      [READ, DESCRIBE].map((operation) => ({
        resourceType: ResourceTypes.TOPIC,
        resourceName: topic,
        resourcePatternType: ResourcePatternTypes.LITERAL,
        ...allow(operation),
      })),
    ),
    { ...group, ...allow(READ) },
  ];
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
