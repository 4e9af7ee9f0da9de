import {
  type Admin,
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  Kafka,
  ResourcePatternTypes,
} from 'kafkajs';
import { kafkaClientOptions } from '../../infra/local/engines/kafka-client.ts';
import type { KafkaAccess } from '../../infra/local/engines/engine.ts';
import { createOperator } from '../../lib/adapters/kafka-operator.ts';
import { scramUsernames } from '../../lib/adapters/kafka-scram-users.ts';
import type { BrokerAccess } from '../../lib/adapters/kafka-operator.ts';

/** What of an org is on the cluster, as another client than ours sees it; of users only an operator can be told. */
export interface OrgContents {
  readonly topics: readonly string[];
  readonly users: readonly string[];
  /** As `acme.a allow read topic:acme.runs`. */
  readonly acls: readonly string[];
}

export interface ClusterView {
  of(orgId: string): Promise<OrgContents>;
  readonly admin: Admin;
  stop(): Promise<void>;
}

/** How our adapters reach the broker as its operator. */
export function operatorOf({ bootstrapServers, username, password }: KafkaAccess): BrokerAccess {
  const sasl = { mechanism: 'SCRAM-SHA-512' as const, username, password };
  return { bootstrapServers: bootstrapServers.split(','), tls: false, sasl };
}

export async function viewCluster(kafka: KafkaAccess): Promise<ClusterView> {
  const admin = new Kafka(kafkaClientOptions(kafka)).admin();
  await admin.connect();
  const operate = createOperator(async () => operatorOf(kafka));
  return {
    admin,
    async of(orgId) {
      const prefix = `${orgId}.`;
      const { resources } = await admin.describeAcls({
        resourceType: AclResourceTypes.ANY,
        resourcePatternType: ResourcePatternTypes.ANY,
        operation: AclOperationTypes.ANY,
        permissionType: AclPermissionTypes.ANY,
      });
      const acls = resources.flatMap(({ acls: ofResource, ...resource }) =>
        ofResource
          .filter(({ principal }) => principal.startsWith(`User:${prefix}`))
          .map(({ principal, ...rule }) => `${principal.slice('User:'.length)} ${written(rule, resource)}`),
      );
      const starting = (names: Iterable<string>) =>
        [...names].filter((name) => name.startsWith(prefix)).sort();
      return {
        topics: starting(await admin.listTopics()),
        users: starting(await scramUsernames(operate)),
        acls: acls.sort(),
      };
    },
    stop: () => admin.disconnect(),
  };
}

type Resource = Awaited<ReturnType<Admin['describeAcls']>>['resources'][number];

function written(
  { permissionType, operation }: Omit<Resource['acls'][number], 'principal'>,
  { resourceType, resourceName, resourcePatternType }: Omit<Resource, 'acls'>,
): string {
  const nameIn = (values: object, value: number) =>
    Object.entries(values)
      .find(([, one]) => one === value)![0]
      .toLowerCase();
  const pattern = resourcePatternType === ResourcePatternTypes.PREFIXED ? '*' : '';
  const right = `${nameIn(AclPermissionTypes, permissionType)} ${nameIn(AclOperationTypes, operation)}`;
  return `${right} ${nameIn(AclResourceTypes, resourceType)}:${resourceName}${pattern}`;
}

/** What an org with a stream has on the cluster, and nothing else. */
export function expectedContents(orgId: string, users: readonly string[]): OrgContents {
  const topics = ['ledger', 'notifications', 'prices', 'runs'].map((topic) => `${orgId}.${topic}`);
  const acls = users.flatMap((user) => [
    `${user} allow read group:${orgId}.*`,
    ...topics.flatMap((topic) => [
      `${user} allow describe topic:${topic}`,
      `${user} allow read topic:${topic}`,
    ]),
  ]);
  return { topics, users: [...users].sort(), acls: acls.sort() };
}

/** An org that has nothing on the cluster. */
export const nothing: OrgContents = { topics: [], users: [], acls: [] };
