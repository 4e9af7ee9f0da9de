/** A Kafka action node, whose payload becomes the records of a run. */
export interface ActionNode {
  readonly identifier: string;
  readonly title: string;
  /** JSON text with templates, as it was sent. */
  readonly payload: string;
}

/** A node that an org has stored under its identifier. */
export interface StoredNode extends ActionNode {
  readonly id: string;
  readonly orgId: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Identifiers are an org's own, and ids of orgs have no dots. */
export function storedNodeId(orgId: string, identifier: string): string {
  return `${orgId}.${identifier}`;
}
