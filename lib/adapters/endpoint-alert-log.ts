import type { EndpointAlerts } from '../app/ports/endpoint-alerts.ts';
import { errorFields, log, metrics } from './log.ts';

/** Alerts as log lines, and as the metric `EndpointAlerts` by `Percent`: 50, 70, 90 or 100. */
export const endpointAlertLog: EndpointAlerts = {
  raise({ id: endpoint, orgId: org }, { percent, consecutiveFailures }, { allowed }) {
    const level = percent === 100 ? 'ERROR' : 'WARN';
    log(level, 'endpoint failing', { endpoint, org, consecutiveFailures, allowed, percent });
    metrics({ EndpointAlerts: 1 }, { Percent: String(percent) });
  },

  missed({ id: endpoint }, error) {
    log('WARN', 'failures of an endpoint not counted', { endpoint, ...errorFields(error) });
  },
};
