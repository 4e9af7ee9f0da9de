import type { Endpoint } from '../../core/endpoint.ts';

/**
 * Reads endpoints. Answers may be some seconds old. When the store cannot be read for longer than that, calls
 * reject: "no endpoints" is only ever the truth.
 */
export interface EndpointReader {
  byId(id: string): Promise<Endpoint | undefined>;
  ofOrg(orgId: string): Promise<readonly Endpoint[]>;
  all(): Promise<readonly Endpoint[]>;
}

/**
 * Marks an endpoint that answered 410 as disabled. Doing it twice does nothing. Never rejects: when it fails, the next
 * 410 does it.
 */
export interface EndpointDisabler {
  disableGone(id: string): Promise<void>;
}
