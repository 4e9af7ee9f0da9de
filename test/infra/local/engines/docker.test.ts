import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { dockerAnswers } from '../../../../infra/local/engines/docker.ts';

test('a Docker engine that answers is found where DOCKER_HOST says', async () => {
  const engine = createServer((request, answer) => answer.end(request.url === '/_ping' ? 'OK' : ''));
  await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve));
  const { port } = engine.address() as AddressInfo;

  expect(await dockerAnswers({ DOCKER_HOST: `tcp://127.0.0.1:${port}` })).toBe(true);

  await new Promise((resolve) => engine.close(resolve));
  expect(await dockerAnswers({ DOCKER_HOST: `tcp://127.0.0.1:${port}` })).toBe(false);
});

test('one that hangs is given up on', async () => {
  const engine = createServer(() => undefined);
  await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve));
  const { port } = engine.address() as AddressInfo;

  expect(await dockerAnswers({ DOCKER_HOST: `tcp://127.0.0.1:${port}` })).toBe(false);

  engine.closeAllConnections();
  engine.close();
});
