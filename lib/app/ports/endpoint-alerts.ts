import type { Endpoint, EndpointAlert } from '../../core/endpoint.ts';
import type { FailureTerms } from '../../core/failure-streak.ts';

/** Tells those who run the stage about endpoints that keep failing. */
export interface EndpointAlerts {
  raise(endpoint: Endpoint, alert: EndpointAlert, terms: FailureTerms): void;
  /** An endpoint's failures could not be counted: alerts may come late. */
  missed(endpoint: Endpoint, error: unknown): void;
}
