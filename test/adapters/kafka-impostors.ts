import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { onTestFinished } from 'vitest';
import type { KafkaAccess } from '../../infra/local/engines/engine.ts';

/**
 * Stands before the broker and changes what it says.
 * @param change gets an answer as Latin-1, and gives one
 * @returns where it listens
 */
export function listenBefore(access: KafkaAccess, change: (answer: string) => string): Promise<string> {
  return listen((client) => {
    const [host, port] = access.bootstrapServers.split(':') as [string, string];
    const broker = connect(Number(port), host);
    client.pipe(broker);
    broker.on('data', (bytes) => client.write(Buffer.from(change(bytes.toString('latin1')), 'latin1')));
    client.on('close', () => broker.destroy());
    broker.on('close', () => client.destroy());
  });
}

/** Stands before the broker, on 127.0.0.1, and names another host for it. @returns where it listens */
export function listenAdvertising(access: KafkaAccess, host: string): Promise<string> {
  const [own, other] = [kafkaText('127.0.0.1'), kafkaText(host)];
  return listenBefore(access, (answer) => {
    if (!answer.includes(own)) return answer;
    const told = Buffer.from(answer.replaceAll(own, other), 'latin1');
    // An answer begins with how long the rest of it is.
    told.writeInt32BE(told.length - 4);
    return told.toString('latin1');
  });
}

/** As Kafka's protocol writes it: its length before it. */
function kafkaText(text: string): string {
  return String.fromCharCode(0, text.length) + text;
}

/** Stands before the broker as if it were far away. @returns where it listens */
export function listenFarFrom(access: KafkaAccess, roundTripMs: number): Promise<string> {
  return listen((client) => {
    const [host, port] = access.bootstrapServers.split(':') as [string, string];
    const broker = connect(Number(port), host);
    client.on('data', (bytes) => void setTimeout(() => broker.write(bytes), roundTripMs / 2));
    broker.on('data', (bytes) => void setTimeout(() => client.write(bytes), roundTripMs / 2));
    client.on('close', () => broker.destroy());
    broker.on('close', () => client.destroy());
  });
}

/**
 * Listens until the end of the test.
 * @returns where, as `host:port`
 */
export async function listen(serve: (client: Socket) => void): Promise<string> {
  const clients = new Set<Socket>();
  const server: Server = createServer((client) => {
    clients.add(client);
    client.on('error', () => {});
    client.on('close', () => clients.delete(client));
    client.resume();
    serve(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const client of clients) client.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
