/** Ids of orgs that were deleted. What such an org has published is kept under its id for a while yet. */
export interface FormerOrgs {
  /** Keeps an id from new orgs. @param untilMs milliseconds since 1970 */
  keep(id: string, untilMs: number): Promise<void>;
  /** @returns until when an id was kept from new orgs, which may be past; undefined for one that never was */
  keptUntilMs(id: string): Promise<number | undefined>;
}
