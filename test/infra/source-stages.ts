import { localListeners, type SelfManagedCluster, type SourceCluster } from '../../infra/source-settings.ts';
import { type StageSettings, stages } from '../../infra/stages.ts';

/** The ARN of a secret that nobody has to have made. */
export function secretArn(name: string): string {
  return `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${name}-AbCd12`;
}

/** A self-managed cluster with credentials; over the Internet unless a test says otherwise. */
export function selfManaged(
  authentication: 'plain' | 'scram-sha-256' | 'scram-sha-512',
  more: Partial<SelfManagedCluster> = {},
): SelfManagedCluster {
  return {
    kind: 'self-managed',
    bootstrapServers: ['kafka-1.example.com:9096', 'kafka-2.example.com:9096'],
    authentication,
    credentials: { secretArn: secretArn(authentication) },
    ...more,
  };
}

/** A listener of the local broker; with its certificate's authority where it has one. */
export function onLocalBroker(listener: keyof typeof localListeners): Partial<SelfManagedCluster> {
  const certificateAuthority = { secretArn: secretArn('authority') };
  return {
    bootstrapServers: [localListeners[listener]],
    ...(listener === 'saslSsl' && { certificateAuthority }),
  };
}

/** A stage with one source for each cluster, under its name there; topic and consumer group are called like it. */
export function stageOf(
  clusters: Readonly<Record<string, SourceCluster>>,
  stage: StageSettings = stages.sandbox,
): StageSettings {
  const common = stage.sources['ingest']!;
  const sources = Object.entries(clusters).map(([name, cluster], index) => {
    const source = {
      ...common,
      number: index + 1,
      cluster,
      topic: `t.${name}`,
      consumerGroupId: `g-${name}`,
    };
    return [name, { ...source, partitions: 2 }] as const;
  });
  return { ...stage, sources: Object.fromEntries(sources) };
}
