import type { Endpoint, EndpointHints } from '../../core/endpoint.ts';
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

/** Writes down what attempts found out. Doing it twice does nothing. Never rejects: what fails, the next attempt does. */
export interface EndpointMarker {
  /** The endpoint answered 410: it is disabled. */
  disableGone(id: string): Promise<void>;
  /** @param hints replace those that were there */
  mark(id: string, hints: EndpointHints): Promise<void>;
}
