/** Destination, source, and the type for local experiments (IEEE 802), which marks a kit's frames. */
const HEADER = [0x02, 0, 0, 0, 0, 0x02, 0x02, 0, 0, 0, 0, 0x01, 0x88, 0xb5];

/** Frame `mark` of a length, with bytes that tell it apart. */
export function markedFrame(bytes: number, mark: number): Uint8Array {
  const frame = new Uint8Array(bytes);
  frame.set(HEADER.slice(0, bytes));
  for (let i = HEADER.length; i < bytes; i++) frame[i] = mark * 31 + i * 7 + (i >> 8);
  return frame;
}

/** True for a frame that `markedFrame` made. */
export function isMarked(frame: Uint8Array): boolean {
  return frame[12] === HEADER[12] && frame[13] === HEADER[13];
}

/** The first frame that is not as it should be, in words: lost, from nowhere, or other bytes. */
export function firstUnlike(
  what: string,
  expected: readonly Uint8Array[],
  got: readonly Uint8Array[],
): string | undefined {
  for (let i = 0; i < Math.max(expected.length, got.length); i++) {
    const [want, have] = [expected[i], got[i]];
    if (have === undefined) return `${what} ${i}, of ${want.length} bytes, was lost`;
    if (want === undefined) return `${what} ${i}, of ${have.length} bytes, came from nowhere`;
    if (Buffer.compare(want, have) !== 0) return `${what} ${i} should be ${tellFrame(want)}; it is ${tellFrame(have)}`;
  }
  return undefined;
}

/** Length and beginning, and a sum over the whole. */
export function tellFrame(frame: Uint8Array): string {
  const start = Array.from(frame.subarray(12, 20), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  let sum = 0;
  for (let i = 0; i < frame.length; i++) sum = (Math.imul(sum, 31) + frame[i]) | 0;
  return `${frame.length} bytes, from byte 12 ${start}, sum ${sum}`;
}

/** The first difference between two accounts of what a plugin did. */
export function firstDifference(one: readonly string[], other: readonly string[], when: string): string | undefined {
  for (let i = 0; i < Math.max(one.length, other.length); i++) {
    const [alone, beside] = [one[i] ?? 'did nothing more', other[i] ?? 'did nothing more'];
    if (alone !== beside) return `it ${alone}, but ${when} it ${beside}`;
  }
  return undefined;
}
