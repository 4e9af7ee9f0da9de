import { deliveryOperations } from '../deliveries.ts';
import { dryRunOperations } from '../dry-run.ts';
import { endpointOperations } from '../endpoints.ts';
import { eventReplayOperations } from '../event-replay.ts';
import { eventOperations } from '../events.ts';
import { healthOperations } from '../health.ts';
import { keyOperations } from '../keys.ts';
import { ledgerEventOperations } from '../ledger-events.ts';
import { nodeOperations } from '../nodes.ts';
import { notificationOperations } from '../notifications.ts';
import type { Operations } from '../operation.ts';
import { orgOperations } from '../orgs.ts';
import { publishOperations } from '../publish.ts';
import { quarantineOperations } from '../quarantine.ts';
import { redriveOperations } from '../redrive.ts';
import { replayOperations } from '../replays.ts';
import { runReportOperations } from '../run-reports.ts';
import { runOperations } from '../runs.ts';
import { sourceOperations } from '../sources.ts';
import { streamOperations } from '../streams.ts';
import { topicMappingOperations } from '../topic-mapping.ts';
import { traceOperations } from '../trace.ts';
import type { Descriptions } from './description.ts';
import { anyStage, endpointDescriptions } from './endpoints.ts';
import { eventDescriptions } from './events.ts';
import { keyDescriptions } from './keys.ts';
import { orgDescriptions } from './orgs.ts';
import { publishingDescriptions } from './publishing.ts';
import { quarantineDescriptions } from './quarantine.ts';
import { replayDescriptions } from './replays.ts';
import { runDescriptions } from './runs.ts';
import { serviceDescriptions } from './service.ts';
import { sourceDescriptions } from './sources.ts';
import { streamDescriptions } from './streams.ts';

/** Stands for stores and clusters: no operation runs here. */
const nothing = {} as never;

/** The operations that functions serve, for what they say of themselves: their roles and bodies. */
export const describedOperations: Operations = {
  ...healthOperations(),
  ...orgOperations(nothing),
  ...keyOperations(nothing),
  ...endpointOperations({ rules: anyStage } as never),
  ...eventOperations({ sources: [] } as never),
  ...publishOperations(nothing),
  ...deliveryOperations(nothing),
  ...eventReplayOperations(nothing),
  ...replayOperations(nothing),
  ...streamOperations(nothing),
  ...topicMappingOperations(nothing),
  ...nodeOperations(nothing),
  ...runOperations(nothing),
  ...runReportOperations(nothing),
  ...notificationOperations(nothing),
  ...ledgerEventOperations(nothing),
  ...traceOperations(nothing),
  ...quarantineOperations({ sources: [] } as never),
  ...redriveOperations(nothing),
  ...sourceOperations(nothing),
  ...dryRunOperations(nothing),
};

/** What is told of each route of the API, in the order in which a reader meets them. */
export const descriptions: Descriptions = {
  ...orgDescriptions,
  ...keyDescriptions,
  ...endpointDescriptions,
  ...eventDescriptions,
  ...replayDescriptions,
  ...streamDescriptions,
  ...publishingDescriptions,
  ...runDescriptions,
  ...sourceDescriptions,
  ...quarantineDescriptions,
  ...serviceDescriptions,
};
