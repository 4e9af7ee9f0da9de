/** The inside of the process that fresh-process.ts starts. */
import { pathToFileURL } from 'node:url';
import type { FreshMessage } from './fresh-process.ts';

const tell = (message: FreshMessage) => void process.send!(message);

async function told(work: () => Promise<FreshMessage>): Promise<void> {
  tell(
    await work().catch((error: unknown) => ({
      kind: 'failure',
      failure: error instanceof Error ? String(error.stack) : String(error),
    })),
  );
}

let handler: (event: unknown, context: object) => Promise<unknown>;
/** Of Lambda's, what handlers look at. */
const context = { getRemainingTimeInMillis: () => 60_000 };

await told(async () => {
  const began = performance.now();
  ({ handler } = (await import(pathToFileURL(process.argv[2]!).href)) as { handler: typeof handler });
  return { kind: 'loaded', importMs: performance.now() - began };
});

process.on('message', ({ event }: { event: unknown }) => {
  void told(async () => ({ kind: 'answer', answer: await handler(event, context) }));
});
