import { defineConfig } from 'vitest/config';
import { CountsReporter } from './counts-reporter.ts';
import { SlowFilesFirst } from './slow-files-first.ts';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    reporters: ['default', new CountsReporter()],
    // kafkajs 2.2.4 sets a timer of a negative time now and then, which Node 24 warns about.
    execArgv: ['--disable-warning=TimeoutNegativeWarning'],
    // Many end-to-end files wait more than they work: three of them keep two cores busy, and a fourth makes none faster.
    maxWorkers: 3,
    sequence: { sequencer: SlowFilesFirst },
    // For tests that wait on real engines; a test says so itself where it needs longer. All three end what hangs: a machine that
    // is three times as slow must not reach them.
    testTimeout: 120_000,
    expect: { poll: { timeout: 60_000, interval: 50 } },
    hookTimeout: 240_000,
  },
});
