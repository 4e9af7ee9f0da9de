import { createServer, type AddressInfo } from 'node:net';

/**
 * A port of the loopback address that is free now.
 * @param wanted is taken if it is free; 0: any
 */
export async function freePort(wanted = 0): Promise<number> {
  return (
    (await tryPort(wanted)) ?? (await tryPort(0)) ?? Promise.reject(new Error('127.0.0.1 has no free port.'))
  );
}

function tryPort(port: number): Promise<number | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const { port: taken } = server.address() as AddressInfo;
      server.close(() => resolve(taken));
    });
  });
}
