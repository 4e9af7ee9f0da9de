/** What is wrong with a field of what a caller gave. */
export interface FieldFault {
  /** As `[3].payload.transactions[0]`; empty for the whole. */
  readonly path: string;
  readonly message: string;
}

/** Takes a fault. */
export type Report = (path: string, message: string) => void;

/** Faults that are told at once: more than that nobody reads. */
export const mostFaults = 100;
const mostPathCharacters = 200;

/** Faults as they are reported, the first 100 of them, with paths of at most 200 characters. */
export function faultList(): { readonly faults: readonly FieldFault[]; readonly report: Report } {
  const faults: FieldFault[] = [];
  const report: Report = (path, message) => {
    if (faults.length === mostFaults) return;
    const isLong = path.length > mostPathCharacters;
    faults.push({ path: isLong ? `${path.slice(0, mostPathCharacters)}…` : path, message });
  };
  return { faults, report };
}

/** The path of a member (by its name) or an element (by its index) of what stands at a path. */
export function memberPath(path: string, member: string | number): string {
  if (typeof member === 'number') return `${path}[${member}]`;
  if (!/^[A-Za-z_$][\w$]*$/.test(member)) return `${path}[${JSON.stringify(member)}]`;
  return path === '' ? member : `${path}.${member}`;
}
