import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Secret {
  readonly arn: string;
  readonly name: string;
  readonly value: string;
}

/** A secret's name by its ARN, which ends with a dash and six characters. */
export function secretName(arn: string): string {
  return arn.slice(arn.indexOf(':secret:') + ':secret:'.length, -7);
}

/** The secrets of the templates, and those that are given. */
export class Secrets {
  readonly #secrets: (Secret & { readonly versionId: string; readonly createdAt: Date })[] = [];

  set(secret: Secret): void {
    this.#secrets.push({ ...secret, versionId: randomUUID(), createdAt: new Date() });
  }

  /** A secret by what Secrets Manager takes as `SecretId`: its ARN or its name. */
  find(arnOrName: string): (Secret & { readonly versionId: string; readonly createdAt: Date }) | undefined {
    return this.#secrets.find(({ arn, name }) => arn === arnOrName || name === arnOrName);
  }

  /** @throws Error when the templates have no such secret, or gave it no value */
  value(arnOrName: string): string {
    const secret = this.find(arnOrName);
    if (!secret) throw new Error(`The templates make no secret '${arnOrName}', or give it no value.`);
    return secret.value;
  }
}

interface SecretsEndpoint {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Answers Secrets Manager's GetSecretValue on a loopback port, because no engine does and functions read their
 * secrets with the AWS SDK. Every other call is refused by name.
 */
export async function startSecretsEndpoint(secrets: Secrets): Promise<SecretsEndpoint> {
  const server = createServer((request, response) => void answer(secrets, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(secrets: Secrets, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // JSON 1.1: the call is named in a header.
  const call = String(request.headers['x-amz-target'] ?? '').replace('secretsmanager.', '');
  try {
    const [status, body] = respond(secrets, call, JSON.parse(await text(request)) as unknown);
    send(response, status, body);
  } catch (error) {
    send(response, 400, { __type: 'InvalidRequestException', message: String(error) });
  }
}

function respond(secrets: Secrets, call: string, input: unknown): [number, object] {
  if (call !== 'GetSecretValue') {
    const message = `${call || 'This call'} is not answered by the local machine: only GetSecretValue is.`;
    return [400, { __type: 'UnknownOperationException', message }];
  }
  const { SecretId, VersionStage, VersionId } = input as Record<string, string | undefined>;
  const secret = secrets.find(SecretId ?? '');
  const isCurrent =
    (VersionStage ?? 'AWSCURRENT') === 'AWSCURRENT' && (VersionId ?? secret?.versionId) === secret?.versionId;
  if (!secret || !isCurrent) {
    const message = "Secrets Manager can't find the specified secret.";
    return [400, { __type: 'ResourceNotFoundException', message }];
  }
  const body = {
    ARN: secret.arn,
    Name: secret.name,
    SecretString: secret.value,
    VersionId: secret.versionId,
    VersionStages: ['AWSCURRENT'],
    CreatedDate: secret.createdAt.getTime() / 1000,
  };
  return [200, body];
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
}
