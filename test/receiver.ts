import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface Received {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly atMs: number;
}

export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** How many connections were opened. */
  readonly connections: () => number;
  /** How many were open at once. */
  readonly mostConnections: () => number;
  readonly stop: () => Promise<void>;
}

type Respond = (request: Received, response: ServerResponse, socket: Socket) => void;

/** A webhook receiver on loopback. Without `respond` it answers 200. */
export async function startReceiver(respond: Respond = (_, response) => response.end()): Promise<Receiver> {
  const received: Received[] = [];
  let connections = 0;
  let open = 0;
  let mostOpen = 0;
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const message = { path: request.url!, headers: request.headers, body, atMs: Date.now() };
      received.push(message);
      respond(message, response, request.socket);
    });
  });
  server.on('connection', (socket) => {
    connections++;
    mostOpen = Math.max(mostOpen, ++open);
    socket.once('close', () => open--);
  });
  // Hundreds of endpoints may connect at once; what the backlog does not hold would come a second later.
  server.listen({ port: 0, host: '127.0.0.1', backlog: 2048 });
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    connections: () => connections,
    mostConnections: () => mostOpen,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface ReceiverPool {
  readonly start: typeof startReceiver;
  readonly stop: () => Promise<void>;
}

/** Starts receivers, and stops all of them together. */
export function receiverPool(): ReceiverPool {
  const receivers: Receiver[] = [];
  return {
    async start(respond) {
      const receiver = await startReceiver(respond);
      receivers.push(receiver);
      return receiver;
    },
    async stop() {
      await Promise.all(receivers.splice(0).map((receiver) => receiver.stop()));
    },
  };
}
