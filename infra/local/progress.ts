/** How long nothing may be seen while something is awaited. */
const quietMs = 2_000;

export interface Progress {
  /** Prints a line with the seconds since the start. */
  say: (line: string) => void;
  /** Nothing is awaited any more. */
  end: () => void;
}

/** Prints lines with the time before them, and a sign of life whenever there was none for two seconds. */
export function startProgress(print: (line: string) => void): Progress {
  const began = Date.now();
  let printed = began;
  const say = (line: string) => {
    printed = Date.now();
    print(`${((printed - began) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  };
  const timer = setInterval(() => {
    if (Date.now() - printed >= quietMs - 100) say('…');
  }, 200);
  return { say, end: () => clearInterval(timer) };
}
