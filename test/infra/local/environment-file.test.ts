import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeEnvironmentFile } from '../../../infra/local/environment-file.ts';

let path: string;
beforeEach(() => (path = join(mkdtempSync(join(tmpdir(), 'fanout-env-')), 'inner', 'fanout.env')));
afterEach(() => rmSync(join(path, '../..'), { recursive: true }));

it('writes what a shell reads back unchanged, whatever is in the values', () => {
  const nasty = `it's $HOME \`id\` "quoted" \\ ; # & | < > * ~ !\nsecond line`;
  writeEnvironmentFile(path, { PLAIN: 'http://127.0.0.1:4000', empty: '', NASTY: nasty });
  const script = '. "$1" && printf "%s|%s|%s" "$PLAIN" "$empty" "$NASTY"';
  expect(execFileSync('sh', ['-c', script, 'sh', path]).toString()).toBe(`http://127.0.0.1:4000||${nasty}`);
  expect(readFileSync(path, 'utf8').split('\n')[0]).toBe('PLAIN=http://127.0.0.1:4000');
});

it('lets nobody else read it, also when a readable file was there', () => {
  writeEnvironmentFile(path, {});
  rmSync(path);
  writeFileSync(path, 'old', { mode: 0o644 });
  writeEnvironmentFile(path, { A: 'b' });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it('removes its own file at the end, and not that of a later start', () => {
  const remove = writeEnvironmentFile(path, { FANOUT_URL: 'first' });
  const removeLater = writeEnvironmentFile(path, { FANOUT_URL: 'later' });
  remove();
  expect(existsSync(path)).toBe(true);
  removeLater();
  expect(existsSync(path)).toBe(false);
  removeLater();
});
