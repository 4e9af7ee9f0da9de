import type { Socket } from 'node:net';

/** The most bytes of one answer: metadata of a topic with some 50,000 partitions, and more than any other. */
const mostAnswerBytes = 4 * 1024 * 1024;
/** Each answer begins with the number of its request. */
const leastAnswerBytes = 4;

/**
 * Stands between a socket and a client that trusts its broker: ends the connection when the other side announces an answer
 * that is impossible or fills memory, and when reading it makes the client throw. Thrown inside a socket's event,
 * that would end the process with everything else that it does.
 */
export function shieldSocket(socket: Socket): void {
  const admits = createFrameCheck(mostAnswerBytes);
  const emit = socket.emit.bind(socket) as (event: string | symbol, ...args: unknown[]) => boolean;
  socket.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    if (event === 'data' && !admits(args[0] as Buffer)) {
      socket.destroy(impossibleAnswer(args[0] as Buffer));
      return true;
    }
    try {
      return emit(event, ...args);
    } catch (error) {
      socket.destroy(error as Error);
      return true;
    }
  };
}

/** A broker that speaks TLS takes our first bytes for a wrong handshake, and says so with an alert of TLS 1. */
function impossibleAnswer(bytes: Uint8Array): Error {
  const isAlert = bytes[0] === 0x15 && bytes[1] === 0x03;
  return isAlert
    ? Object.assign(new Error('the broker wants TLS'), { code: 'ERR_TLS_EXPECTED' })
    : new Error('the broker gives no answer of Kafka');
}

/**
 * Follows a stream of answers, each after its size in four bytes.
 * @returns a function that takes the next bytes of the stream, and says whether all sizes so far are possible
 */
export function createFrameCheck(mostBytes: number): (chunk: Uint8Array) => boolean {
  let sizeBytes = 0;
  let size = 0;
  let rest = 0;
  return (chunk) => {
    for (let at = 0; at < chunk.length;) {
      if (rest > 0) {
        const taken = Math.min(rest, chunk.length - at);
        rest -= taken;
        at += taken;
        continue;
      }
      size = size * 256 + chunk[at++]!;
      if (++sizeBytes < 4) continue;
      if (size < leastAnswerBytes || size > mostBytes) return false;
      rest = size;
      sizeBytes = size = 0;
    }
    return true;
  };
}
