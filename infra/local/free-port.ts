import { createServer, type AddressInfo, type Server } from 'node:net';

/** A port of the loopback address that nobody else gets until it is released. */
export interface HeldPort {
  readonly port: number;
  readonly release: () => Promise<void>;
}

/**
 * Holds a port of the loopback address, for a server that starts later.
 * @param wanted is taken if it is free; else, and without it, any
 */
export async function holdPort(wanted = 0): Promise<HeldPort> {
  const server = (await listen(wanted)) ?? (await listen(0));
  if (!server) throw new Error('127.0.0.1 has no free port.');
  return {
    port: (server.address() as AddressInfo).port,
    release: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const { port, release } = await holdPort();
  await release();
  return port;
}

function listen(port: number): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server)).unref();
  });
}
