import { createCipheriv, createHash } from 'node:crypto';

/**
 * Where an event came from. It is what an event id hides, so the id alone leads to the event's trace.
 * For a record: its source's number (1 to 1023), its partition (below 2^14), its offset (below 2^46), and its index
 * among the events of that record (below 1024). For a published event: source 0, the place of its call, and its index in it.
 */
export interface EventAddress {
  readonly source: number;
  readonly partition: number;
  readonly offset: number;
  readonly index: number;
}

/** The source of events that were published over HTTP. */
export const publishedSource = 0;

export interface EventIds {
  /**
   * @param timeMs the event's time in milliseconds since 1970; outside of 48 bits it is moved to the nearest bound
   * @throws RangeError when a part of the address is out of its range
   */
  encode(timeMs: number, address: EventAddress): string;
  /** The time and address in an id, or undefined when it is not 26 characters of Crockford's base 32. */
  decode(id: string): { timeMs: number; address: EventAddress } | undefined;
}

/** Crockford's base 32, as ULID uses it: no I, L, O, U. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const digits = new Map([...alphabet].map((character, value) => [character, value]));
const mostTime = 2 ** 48 - 1;
/** Characters of an id that are its time; those behind them are its address. */
const timeCharacters = 10;
/** Ten rounds, as NIST SP 800-38G has for FF1, whose shape this is. */
const rounds = 10;
const half = 5;

/**
 * Event ids with ULID layout: 48 bits of time, then 80 bits that are a keyed permutation of the address. Ids
 * sort by time, tell nothing else without the key, and the same record has the same id whenever it comes again.
 * @param key the secret of the permutation, any string; another key makes other ids
 */
export function createEventIds(key: string): EventIds {
  // ECB on single blocks is the block cipher itself: the round function of the Feistel network.
  const cipherKey = createHash('sha256').update(key).digest().subarray(0, 16);
  const cipher = createCipheriv('aes-128-ecb', cipherKey, null).setAutoPadding(false);
  const block = Buffer.alloc(16);

  /** XORs the half at `to` with a keyed function of the round and the other half. */
  const mix = (bytes: Buffer, round: number, from: number, to: number) => {
    block[0] = round;
    bytes.copy(block, 1, from, from + half);
    const mask = cipher.update(block);
    for (let at = 0; at < half; at++) bytes[to + at]! ^= mask[at]!;
  };
  const leftToRight = (round: number): [number, number] => (round % 2 === 0 ? [0, half] : [half, 0]);

  return {
    encode(timeMs, address) {
      const bytes = writeAddress(address);
      for (let round = 0; round < rounds; round++) mix(bytes, round, ...leftToRight(round));
      return writeTime(timeMs) + writeBase32(bytes);
    },
    decode(id) {
      if (id.length !== 26 || id[0]! > '7') return undefined;
      const values = Array.from(id, (character) => digits.get(character) ?? -1);
      if (values.includes(-1)) return undefined;
      const bytes = readBase32(values.slice(timeCharacters));
      for (let round = rounds - 1; round >= 0; round--) mix(bytes, round, ...leftToRight(round));
      return {
        timeMs: timeOf(id),
        address: readAddress(bytes),
      };
    },
  };
}

/** The time in an event id, milliseconds since 1970; no key is needed. */
export function timeOf(id: string): number {
  return Array.from(id.slice(0, timeCharacters)).reduce((time, digit) => time * 32 + digits.get(digit)!, 0);
}

/** What an event id hides its address in: the same for the same place, whatever the time. */
export function placeOf(id: string): string {
  return id.slice(timeCharacters);
}

/** 80 bits: 10 of source, 14 of partition, 46 of offset, 10 of index. */
function writeAddress({ source, partition, offset, index }: EventAddress): Buffer {
  inRange('source', source, 2 ** 10);
  inRange('partition', partition, 2 ** 14);
  inRange('offset', offset, 2 ** 46);
  inRange('index', index, 2 ** 10);
  const bytes = Buffer.alloc(10);
  bytes.writeUIntBE(source * 2 ** 14 + partition, 0, 3);
  // 56 bits are more than a number holds exactly: the offset's upper 16 bits, then its lower 30 with the index.
  bytes.writeUIntBE(Math.floor(offset / 2 ** 30), 3, 2);
  bytes.writeUIntBE((offset % 2 ** 30) * 2 ** 10 + index, 5, 5);
  return bytes;
}

function readAddress(bytes: Buffer): EventAddress {
  const head = bytes.readUIntBE(0, 3);
  const tail = bytes.readUIntBE(5, 5);
  return {
    source: head >>> 14,
    partition: head & (2 ** 14 - 1),
    offset: bytes.readUIntBE(3, 2) * 2 ** 30 + Math.floor(tail / 2 ** 10),
    index: tail % 2 ** 10,
  };
}

function inRange(name: string, value: number, limit: number): void {
  if (!Number.isInteger(value) || value < 0 || value >= limit) {
    throw new RangeError(
      `${name} ${value} does not fit into an event id: it must be a whole number below ${limit}`,
    );
  }
}

function writeTime(timeMs: number): string {
  let rest = Math.min(Math.max(Math.trunc(timeMs), 0), mostTime);
  let text = '';
  for (let at = 0; at < timeCharacters; at++) {
    text = alphabet[rest % 32]! + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/** 10 bytes as 16 characters: two groups of 40 bits, eight characters each. */
function writeBase32(bytes: Buffer): string {
  let text = '';
  for (const start of [0, half]) {
    const high = bytes.readUIntBE(start, 2) * 16 + (bytes[start + 2]! >>> 4);
    const low = (bytes[start + 2]! & 15) * 2 ** 16 + bytes.readUIntBE(start + 3, 2);
    for (const part of [high, low]) {
      for (let shift = 15; shift >= 0; shift -= 5) text += alphabet[(part >>> shift) & 31]!;
    }
  }
  return text;
}

function readBase32(values: number[]): Buffer {
  const bytes = Buffer.alloc(10);
  for (const group of [0, 1]) {
    const number = values.slice(group * 8, group * 8 + 8).reduce((sum, value) => sum * 32 + value, 0);
    bytes.writeUIntBE(number, group * half, half);
  }
  return bytes;
}
