/** A place that an invocation holds at an endpoint. */
export interface Place {
  readonly endpointId: string;
  readonly name: string;
}

/**
 * How many invocations of the delivery function may be busy at once with one endpoint that nobody knows yet: some fewer
 * than there may be in all, so that none takes all of them up before it is known to be slow.
 */
export interface EndpointPlaces {
  /**
   * @param untilMs when the place is free again also where it is not given back, milliseconds since 1970
   * @returns undefined when all are taken
   */
  take(endpointId: string, untilMs: number): Promise<Place | undefined>;
  giveBack(place: Place): Promise<void>;
}
