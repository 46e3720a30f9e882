import fc from 'fast-check';
import { expect, it } from 'vitest';
import { insertVlanTag } from '../src/vlan.ts';

it('a tag put back stands behind the addresses, and nothing outside the frame and its four bytes is touched', () => {
  const bytes = fc.uint8Array({ minLength: 14, maxLength: 200 });
  fc.assert(
    fc.property(bytes, fc.nat(8), fc.nat(0xffff), fc.constantFrom(0x8100, 0x88a8), (frame, offset, tci, tpid) => {
      const memory = new Uint8Array(260).fill(0xee);
      memory.set(frame, offset);
      insertVlanTag(memory, offset, frame.length, (tpid << 16) | tci);
      const expected = [...frame.subarray(0, 12), tpid >> 8, tpid & 0xff, tci >> 8, tci & 0xff, ...frame.subarray(12)];
      expect(Array.from(memory.subarray(offset, offset + frame.length + 4))).toEqual(expected);
      expect(memory.subarray(0, offset).every((byte) => byte === 0xee)).toBe(true);
      expect(memory.subarray(offset + frame.length + 4).every((byte) => byte === 0xee)).toBe(true);
    }),
  );
});
