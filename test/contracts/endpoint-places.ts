import { beforeEach, describe, expect, it } from 'vitest';
import type { EndpointPlaces, Place } from '../../lib/app/ports/endpoint-places.ts';

/** What every adapter of `EndpointPlaces` does. */
export function endpointPlacesContract(
  adapter: string,
  create: (most: number, now: () => number) => Promise<EndpointPlaces>,
): void {
  describe(`EndpointPlaces: ${adapter}`, () => {
    let places: EndpointPlaces;
    let nowMs: number;

    beforeEach(async () => {
      nowMs = Date.now();
      places = await create(3, () => nowMs);
    });

    const take = (endpoint = 'ep_1') => places.take(endpoint, nowMs + 40_000);
    const takeMany = async (count: number): Promise<Place[]> => {
      const taken = await Promise.all(Array.from({ length: count }, () => take()));
      return taken.filter((place) => place !== undefined);
    };

    it('gives no more than there are, also when many come at once', async () => {
      expect(await takeMany(12)).toHaveLength(3);
      expect(await take()).toBeUndefined();
    });

    it('gives a place again that was given back, once', async () => {
      const [first] = await takeMany(3);
      await places.giveBack(first!);
      expect(await takeMany(3)).toHaveLength(1);
    });

    it('has all of them when all were given back', async () => {
      for (const place of await takeMany(3)) await places.giveBack(place);
      expect(await takeMany(4)).toHaveLength(3);
    });

    it('gives those again whose time is over', async () => {
      await takeMany(2);
      nowMs += 20_000;
      await take();
      nowMs += 19_999;
      expect(await take()).toBeUndefined();
      nowMs += 1;
      expect(await takeMany(4)).toHaveLength(2);
    });

    it('keeps endpoints apart', async () => {
      await takeMany(3);
      expect(await take('ep_2')).toBeDefined();
    });
  });
}
