import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { createDocuments } from '../../lib/adapters/dynamodb-documents.ts';
import { createJobWatch } from '../../lib/adapters/dynamodb-job-watch.ts';
import { createKafkaStreamCluster } from '../../lib/adapters/kafka-stream-cluster.ts';
import { createJobQueue } from '../../lib/adapters/sqs-jobs.ts';
import { createStreamDocuments } from '../../lib/adapters/stream-documents.ts';
import { createTopicMappingReader, createTopicMappings } from '../../lib/adapters/topic-mappings.ts';
import { streamOperations } from '../../lib/app/api/streams.ts';
import { topicMappingOperations } from '../../lib/app/api/topic-mapping.ts';
import { type ProvisionDependencies, provisionStream } from '../../lib/app/provision-stream.ts';
import type { StreamCluster } from '../../lib/app/ports/stream-cluster.ts';
import type { StreamJobDependencies } from '../../lib/app/stream-jobs.ts';
import type { ClusterCapacity } from '../../lib/core/stream-capacity.ts';
import type { Org } from '../../lib/core/org.ts';
import { hasWork } from '../../lib/core/stream.ts';
import { type ClusterView, operatorOf, viewCluster } from '../contracts/cluster-contents.ts';
import { type Storage, type Stores, startStorage } from '../contracts/stores.ts';

/** Stores and a broker, on which streams of orgs are worked on. */
export interface Provisioning {
  readonly storage: Storage;
  readonly stores: Stores;
  readonly view: ClusterView;
  startOrg(options?: OrgOptions): Promise<StartedOrg>;
  stop(): Promise<void>;
}

export interface OrgOptions {
  readonly id?: string;
  readonly capacity?: ClusterCapacity;
  readonly sealKey?: string;
  /** Where its topics and users are; by default the broker, by Kafka's protocol. */
  readonly cluster?: StreamCluster;
}

export async function startProvisioning(): Promise<Provisioning> {
  const storage = await startStorage();
  const stores = await storage.freshStores();
  const view = await viewCluster(storage.kafka);
  let orgs = 0;
  return {
    storage,
    stores,
    view,
    startOrg: (options = {}) => startOrg(storage, stores, view, { id: `org${orgs++}`, ...options }),
    async stop() {
      await view.stop();
      await storage.stop();
    },
  };
}

export const roomy: ClusterCapacity = { mostUsers: 1000, mostPartitions: 10_000 };

/** An org, and what works on its stream: by a clock that only the test moves. */
async function startOrg(
  { dynamodb, sqs, kafka }: Storage,
  stores: Stores,
  view: ClusterView,
  options: OrgOptions & { readonly id: string },
) {
  const { id: org, capacity = roomy, sealKey = randomBytes(32).toString('hex') } = options;
  const documents = createDocuments<Org>(dynamodb, stores.config, 'ORG');
  await documents.create({ id: org, name: '', createdAt: '' });
  let nowMs = Date.now();
  const { bootstrapServers } = kafka;
  const connection = { bootstrapServers, securityProtocol: 'SASL_PLAINTEXT' as const };
  const mappings = createTopicMappings(dynamodb, stores.config);
  const dependencies: ProvisionDependencies = {
    streams: createStreamDocuments(dynamodb, stores.config, sealKey),
    watch: createJobWatch(dynamodb, stores.events, 'STREAM', 30),
    queue: createJobQueue(sqs, stores.streams),
    cluster: options.cluster ?? createKafkaStreamCluster(async () => operatorOf(kafka), connection, capacity),
    mappings: createTopicMappingReader(mappings),
    now: () => nowMs,
  };
  const call = async (route: string, body: object = {}, changed: Partial<StreamJobDependencies> = {}) => {
    const sources = [{ topic: 'fanout.ingest' }];
    const operations = {
      ...streamOperations({ ...dependencies, ...changed, sources }),
      ...topicMappingOperations({
        ...dependencies,
        mappings,
        orgs: documents,
        sources,
        streamJobs: dependencies,
      }),
    };
    const request = { caller: { role: 'operator' as const }, path: { org }, query: {}, body, text: '' };
    return (await operations[route]!.run(request)).body;
  };
  const read = () => dependencies.streams.get(org);
  return {
    org,
    dependencies,
    read,
    put: (body = {}) => call('PUT /v1/orgs/{org}/stream', body),
    putMapping: (mapping: string) => call('PUT /v1/orgs/{org}/topic-mapping', { mapping }),
    rotate: (overlap: number, changed?: Partial<StreamJobDependencies>) =>
      call('POST /v1/orgs/{org}/stream/rotate', { overlap_seconds: overlap }, changed),
    async map(mapping: string) {
      const set = { id: org, orgId: org, mapping, updatedAt: '' };
      if ((await mappings.create(set)) === 'exists') await mappings.update(org, () => set);
    },
    async partitionsOfCluster() {
      const { topics } = await view.admin.fetchTopicMetadata();
      return topics.reduce((sum, { partitions }) => sum + partitions.length, 0);
    },
    remove: () => call('DELETE /v1/orgs/{org}/stream'),
    run: (changed: Partial<ProvisionDependencies> = {}) =>
      provisionStream({ ...dependencies, ...changed }, org),
    advance: (ms: number) => (nowMs += ms),
    /** Has it gone on with, as messages and the sweep do, until nothing is left to do. */
    async settle({ mostRuns = 10, mayFail = false } = {}) {
      for (let runs = 0; ; runs++) {
        const stream = await read();
        if (!stream || !hasWork(stream, nowMs)) return;
        expect(runs, 'runs until it is settled').toBeLessThan(mostRuns);
        const running = provisionStream(dependencies, org);
        await (mayFail ? running.catch(() => {}) : running);
        nowMs += 40_000;
      }
    },
  };
}

export type StartedOrg = Awaited<ReturnType<typeof startOrg>>;

export interface Scenario {
  /** Brings a stream to where the work begins. */
  readonly prepare: (org: StartedOrg) => Promise<unknown>;
  /** How many users there are in the end; undefined: no stream. */
  readonly users: number | undefined;
}

export const scenarios: Readonly<Record<string, Scenario>> = {
  provisioning: { prepare: (org) => org.put(), users: 1 },
  rotation: {
    async prepare(org) {
      await org.put();
      await org.settle();
      await org.rotate(3600);
    },
    users: 2,
  },
  'the end of an overlap': {
    async prepare(org) {
      await org.put();
      await org.settle();
      await org.rotate(60);
      await org.run();
      org.advance(61_000);
    },
    users: 1,
  },
  removal: {
    async prepare(org) {
      await org.put();
      await org.settle();
      await org.rotate(3600);
      await org.settle();
      await org.remove();
    },
    users: undefined,
  },
};
