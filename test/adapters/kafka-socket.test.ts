import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFrameCheck } from '../../lib/adapters/kafka-socket.ts';

const answer = (size: number, filler = 7) => {
  const bytes = Buffer.alloc(4 + size, filler);
  bytes.writeInt32BE(size);
  return bytes;
};

test('answers pass however their bytes arrive', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 4, max: 100 }), { minLength: 1 }),
      fc.integer({ min: 1, max: 30 }),
      (sizes, step) => {
        const admits = createFrameCheck(100);
        const stream = Buffer.concat(sizes.map((size) => answer(size, 0xff)));
        for (let at = 0; at < stream.length; at += step)
          expect(admits(stream.subarray(at, at + step))).toBe(true);
        expect(admits(Buffer.from([0, 0, 0, 101]))).toBe(false);
      },
    ),
  );
});

test.each([-1, -2147483648, 0, 3, 101, 2147483647])('a size of %i bytes does not pass', (size) => {
  const header = Buffer.alloc(4);
  header.writeInt32BE(size);
  expect(createFrameCheck(100)(Buffer.concat([answer(50), header]))).toBe(false);
});
