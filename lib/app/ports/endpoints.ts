import type { Endpoint, EndpointAlert, EndpointHints } from '../../core/endpoint.ts';
import type { FailureStreak, FailureTerms } from '../../core/failure-streak.ts';
import type { Page } from './documents.ts';

/** Endpoints in one page at most. A target that has more is a job's to page through. */
export const endpointsAPage = 100;

/**
 * Reads endpoints. Answers may be some seconds old. When the store cannot be read for longer than that, calls
 * reject: "no endpoints" is only ever the truth.
 */
export interface EndpointReader {
  byId(id: string): Promise<Endpoint | undefined>;
  /**
   * The endpoints of an org, or of all of them, by id.
   * @param orgId undefined for every endpoint of the deployment
   * @param cursor a former page's `nextCursor`
   */
  page(orgId: string | undefined, cursor?: string): Promise<Page<Endpoint>>;
}

/**
 * Writes down what attempts found out about an endpoint, as it was attempted: one that has another target by now, or is another
 * that was given the id, stays as it is. Doing it twice does nothing. Never rejects: what fails, the next attempt does.
 */
export interface EndpointMarker {
  /** The endpoint answered 410: it is disabled. */
  disableGone(attempted: Endpoint): Promise<void>;
  /** @param hints replace those that were there, but for `failing` */
  mark(attempted: Endpoint, hints: EndpointHints): Promise<void>;
}

/** Writes down that an endpoint keeps failing, and that it does not any more. Never rejects either. */
export interface EndpointAlerter {
  /**
   * Adds what a streak of failures has reached to the endpoint's alerts; an endpoint that has had all it may have is
   * disabled, if the terms say so.
   * @returns those that were written by this call, the highest percent first: of many calls about the same streak each is
   *   written by one
   */
  alert(attempted: Endpoint, streak: FailureStreak, terms: FailureTerms): Promise<readonly EndpointAlert[]>;
  /** An attempt succeeded: the endpoint is not failing any more. */
  recovered(attempted: Endpoint): Promise<void>;
}
