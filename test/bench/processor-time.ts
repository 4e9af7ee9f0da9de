import { readFileSync } from 'node:fs';

/** CPU seconds that a process has used so far, user and system, all threads. Linux only. */
export function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  // utime and stime are fields 14 and 15 of the line, in ticks of 10 ms (proc_pid_stat(5)).
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
