import type { Endpoint } from '../../core/endpoint.ts';

/** What is settled of a new endpoint before its body is looked at. */
export type NewEndpoint = Pick<Endpoint, 'orgId' | 'createdAt' | 'updatedAt'>;

/** What the API does with endpoints of one type. */
export interface EndpointKind<Own extends Endpoint = Endpoint> {
  /**
   * The endpoint that a body of POST makes.
   * @throws Problem with all that is wrong with the body
   */
  create(body: unknown, made: NewEndpoint): Own;
  /**
   * The endpoint after a PATCH, which replaces each field that it names as a whole.
   * @throws Problem with all that is wrong with the body
   */
  change(found: Own, body: unknown, nowMs: number): Own;
  /** Whether what was found out about one says something about the other. */
  hasSameTarget(one: Own, other: Own): boolean;
  /** The fields that only endpoints of its type have, secrets masked. */
  present(endpoint: Own, nowMs: number): object;
  /** What the answer that makes the endpoint shows of it, once. */
  presentOnce(endpoint: Own): object;
}
