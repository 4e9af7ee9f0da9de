import { existsSync } from 'node:fs';
import { get } from 'node:http';
import type { RequestOptions } from 'node:http';
import { homedir } from 'node:os';
import path from 'node:path';

/**
 * Whether a Docker engine answers: asks the places where testcontainers looks, without loading it (that alone takes
 * most of a second). A Docker client without an engine is not one.
 */
export async function dockerAnswers(environment: NodeJS.ProcessEnv): Promise<boolean> {
  for (const place of dockerPlaces(environment)) {
    if (await pong(place)) return true;
  }
  return false;
}

function dockerPlaces(environment: NodeJS.ProcessEnv): RequestOptions[] {
  const named = environment['DOCKER_HOST'] ? URL.parse(environment['DOCKER_HOST']) : null;
  if (named?.protocol === 'unix:') return [{ socketPath: named.pathname }];
  // A TLS engine refuses a plain request with an answer, and that it answers is all we ask.
  if (named) return [{ host: named.hostname, port: named.port || 2375 }];
  const runtimeFolder = environment['XDG_RUNTIME_DIR'];
  return [
    '/var/run/docker.sock',
    ...(runtimeFolder ? [path.join(runtimeFolder, 'docker.sock')] : []),
    path.join(homedir(), '.docker', 'run', 'docker.sock'),
    path.join(homedir(), '.docker', 'desktop', 'docker.sock'),
    `/run/user/${process.getuid?.() ?? ''}/docker.sock`,
  ]
    .filter((socketPath) => existsSync(socketPath))
    .map((socketPath) => ({ socketPath }));
}

function pong(place: RequestOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ ...place, path: '/_ping', timeout: 1_000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200 || answer.statusCode === 400);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}
