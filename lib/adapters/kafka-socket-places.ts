/** Gives a place back; once is enough. */
export type SocketPlace = () => void;

/** The sockets that may be open at once, over all endpoints. */
export interface SocketPlaces {
  /** Waits in line for a place. @returns undefined when there was none for long */
  take(): Promise<SocketPlace | undefined>;
  /** Whether anybody waits in line. */
  readonly isAwaited: boolean;
}

/** Longer than an attempt waits to begin: whoever waits in vain for so long may have nothing to send any more. */
const longestWaitMs = 30_000;

/** @param closeIdle closes connections that nobody has a use for; called when somebody finds no place */
export function createSocketPlaces(most: number, closeIdle: () => void): SocketPlaces {
  const line = new Set<(place: SocketPlace) => void>();
  let taken = 0;

  const makePlace = (): SocketPlace => {
    let isBack = false;
    return () => {
      if (isBack) return;
      isBack = true;
      // Whoever gives a place back passes it on.
      const [next] = line;
      if (next) next(makePlace());
      else taken--;
    };
  };

  return {
    async take() {
      if (taken >= most) closeIdle();
      if (taken < most) {
        taken++;
        return makePlace();
      }
      return new Promise((resolve) => {
        const leave = (place?: SocketPlace) => {
          line.delete(leave);
          clearTimeout(timer);
          resolve(place);
        };
        const timer = setTimeout(leave, longestWaitMs);
        line.add(leave);
      });
    },
    get isAwaited() {
      return line.size > 0;
    },
  };
}
