/** What a figure is to be: at least, at most. */
export interface Bound {
  readonly least?: number;
  readonly most?: number;
}

/** Bounds of some of the figures, by their names. */
export type Aims<Figures> = { readonly [name in keyof Figures]?: Bound };

/** Holds figures against what they are to be, and tells each that misses its aim. */
export interface AimBook {
  check<Figures extends object>(what: string, figures: Figures, aims: Aims<Figures>): void;
  /** How many were missed. */
  readonly missed: number;
}

export function createAimBook(print: (line: string) => void): AimBook {
  let missed = 0;
  return {
    check(what, figures, aims) {
      for (const [name, bound] of Object.entries(aims) as [string, Bound][]) {
        const { least = -Infinity, most = Infinity } = bound;
        const value = (figures as Readonly<Record<string, number>>)[name] ?? NaN;
        // What is no number misses too.
        if (value >= least && value <= most) continue;
        missed++;
        print(`  MISSED ${what}: ${name} ${value.toFixed(2)}, aim ${boundText(bound)}`);
      }
    },
    get missed() {
      return missed;
    },
  };
}

function boundText({ least, most }: Bound): string {
  return [least !== undefined && `at least ${least}`, most !== undefined && `at most ${most}`]
    .filter(Boolean)
    .join(', ');
}
