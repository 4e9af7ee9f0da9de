import type { Delivery, DeliveryState } from '../../core/delivery.ts';

export interface DeliveryListRequest {
  readonly endpointId: string;
  readonly state: DeliveryState;
  /** Most deliveries in the page. */
  readonly limit: number;
  /** A cursor of a former page; it holds for any list of the same endpoint. */
  readonly cursor?: string;
  /** Without it, newest first. */
  readonly oldestFirst?: boolean;
}

export interface DeliveryListPage {
  readonly deliveries: readonly PlacedDelivery[];
  /** Hand it back to read on; absent at the end. A page may have fewer than the limit, or none, and still have one. */
  readonly nextCursor?: string;
}

/** A delivery, and the cursor that reads on right behind it. */
export interface PlacedDelivery {
  readonly delivery: Delivery;
  readonly cursor: string;
}

export interface DeliveryLists {
  /**
   * The deliveries to an endpoint that are in a state, whichever org the endpoint's id belonged to when they were made: by
   * when they are due while they are queued or held, else by when they ended. May lag behind writes by a moment.
   * @throws InvalidCursor
   */
  list(request: DeliveryListRequest): Promise<DeliveryListPage>;
}
