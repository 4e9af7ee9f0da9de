export interface RateSlots {
  /**
   * Reserves the next free time of a source, behind everything that was reserved before.
   * @param durationMs how long, milliseconds
   * @param latestMs when it must begin at the latest, milliseconds since 1970
   * @returns when it begins; undefined, and nothing reserved, when that would be later
   */
  reserve(source: string, durationMs: number, latestMs: number): Promise<number | undefined>;
}
