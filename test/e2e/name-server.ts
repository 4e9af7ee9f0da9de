import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** A name server on loopback that says of each name what a test wants. */
export interface NameServer {
  /** For the `nameServer` of a Fanout. */
  readonly address: string;
  /**
   * From now on the name has these addresses, one a question and the last one ever after; without any, it does not exist,
   * as every name at first.
   */
  answer(name: string, ...addresses: string[]): void;
  /** How often an address of the name was asked for. */
  asked(name: string): number;
  stop(): Promise<void>;
}

const headerBytes = 12;
const [noError, noSuchName] = [0, 3];
const toAddressOfIpv4 = Buffer.from([0, 1, 0, 1]);

export async function startNameServer(): Promise<NameServer> {
  const answers = new Map<string, string[]>();
  const questions: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    const name = nameIn(query);
    questions.push(name);
    const left = answers.get(name) ?? [];
    const next = left.length > 1 ? left.shift() : left[0];
    socket.send(answerTo(query, next), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    answer: (name, ...addresses) => void answers.set(name, addresses),
    asked: (name) => questions.filter((asked) => asked === name).length,
    async stop() {
      socket.close();
      await once(socket, 'close');
    },
  };
}

/** The name in a query's only question: labels with their lengths (RFC 1035, section 4.1.2). */
function nameIn(query: Buffer): string {
  const labels: string[] = [];
  for (let at = headerBytes; query[at] !== 0; at += query[at]! + 1)
    labels.push(query.toString('latin1', at + 1, at + 1 + query[at]!));
  return labels.join('.').toLowerCase();
}

/** An answer that holds for this one question (RFC 1035, section 4.1). */
function answerTo(query: Buffer, address: string | undefined): Buffer {
  const question = query.subarray(headerBytes, query.indexOf(0, headerBytes) + 1 + toAddressOfIpv4.length);
  const header = Buffer.alloc(headerBytes);
  query.copy(header, 0, 0, 2);
  // An answer, with recursion; its code.
  header.writeUInt16BE(0x8180 | (address === undefined ? noSuchName : noError), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(address === undefined ? 0 : 1, 6);
  if (address === undefined) return Buffer.concat([header, question]);
  // The name is that of the question; its time to live is 0.
  const name = Buffer.from([0xc0, headerBytes]);
  const bytes = Buffer.from(address.split('.').map(Number));
  return Buffer.concat([header, question, name, toAddressOfIpv4, Buffer.from([0, 0, 0, 0, 0, 4]), bytes]);
}
