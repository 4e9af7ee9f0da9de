/** A program for tests: starts the engines, prints their process ids (or what is wrong) as JSON, and stays. */
import { startEngines } from '../../../../infra/local/engines/engines.ts';

try {
  const { processes } = await startEngines({ fast: true, say: () => undefined });
  process.stdout.write(`${JSON.stringify({ pids: processes.map(({ pid }) => pid) })}\n`);
  setInterval(() => undefined, 1_000);
} catch (error) {
  const { name, message } = error as Error;
  process.stdout.write(`${JSON.stringify({ name, message })}\n`);
}
