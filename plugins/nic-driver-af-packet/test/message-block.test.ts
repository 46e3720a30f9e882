import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageBlock } from '../src/message-block.ts';

const BASE = 0x7f12_3456_7000;

/** A block whose memory the test holds, as the kernel would see it at `BASE`. */
function blockAndMemory(capacity: number, withControl: boolean): { block: MessageBlock; memory: DataView } {
  let memory = new DataView(new ArrayBuffer(0));
  const block = new MessageBlock(capacity, withControl, (buffer) => {
    memory = new DataView(buffer.buffer as ArrayBuffer);
    return BigInt(BASE);
  });
  return { block, memory };
}

const pointer = (memory: DataView, at: number): number => Number(memory.getBigUint64(at, true));

describe('the array for sendmmsg and recvmmsg', () => {
  it('holds headers of 64 bytes, each pointing at one vector of its own and at its control data', () => {
    const { block, memory } = blockAndMemory(8, true);
    expect(block.firstAddress).toBe(BASE);
    for (let i = 0; i < 8; i++) {
      expect(pointer(memory, i * 64)).toBe(0);
      expect(pointer(memory, i * 64 + 16)).toBe(BASE + 8 * 64 + i * 16);
      expect(pointer(memory, i * 64 + 24)).toBe(1);
      expect(pointer(memory, i * 64 + 32)).toBe(BASE + 8 * (64 + 16) + i * 40);
      expect(pointer(memory, i * 64 + 40)).toBe(40);
    }
    expect(memory.byteLength).toBe(8 * (64 + 16 + 40));
  });

  it('has no control data when told so', () => {
    const { memory } = blockAndMemory(4, false);
    expect(memory.byteLength).toBe(4 * (64 + 16));
    expect(pointer(memory, 32)).toBe(0);
    expect(pointer(memory, 40)).toBe(0);
  });

  it('takes any user-space address and length as 64-bit words', () => {
    const address = fc.bigInt({ min: 0n, max: 2n ** 47n - 1n });
    fc.assert(
      fc.property(address, fc.nat(0xffff), fc.nat(7), (where, bytes, i) => {
        const { block, memory } = blockAndMemory(8, false);
        block.set(i, Number(where), bytes);
        expect(memory.getBigUint64(8 * 64 + i * 16, true)).toBe(where);
        expect(pointer(memory, 8 * 64 + i * 16 + 8)).toBe(bytes);
      }),
    );
  });
});

describe('what the kernel says of a received message', () => {
  /** Writes control data as `recvmmsg` does: SOL_PACKET, PACKET_AUXDATA, then `struct tpacket_auxdata`. */
  function told(status: number, tci: number, tpid: number, level = 263, type = 8): number {
    const { block, memory } = blockAndMemory(2, true);
    const control = 2 * (64 + 16) + 40;
    memory.setBigUint64(control, 36n, true);
    memory.setInt32(control + 8, level, true);
    memory.setInt32(control + 12, type, true);
    memory.setUint32(control + 16, status, true);
    memory.setUint16(control + 32, tci, true);
    memory.setUint16(control + 34, tpid, true);
    memory.setBigUint64(64 + 40, 36n, true);
    const tag = block.takeVlanTag(1) >>> 0;
    expect(pointer(memory, 64 + 40)).toBe(40);
    return tag;
  }

  it('gives its length', () => {
    const { block, memory } = blockAndMemory(2, true);
    memory.setUint32(64 + 56, 1514, true);
    expect(block.receivedBytes(1)).toBe(1514);
  });

  it('gives the tag that was taken off, and the room for control data back', () => {
    expect(told(0x51, 0x607b, 0x8100)).toBe(0x8100607b);
    expect(told(0x51, 0, 0x88a8)).toBe(0x88a80000);
  });

  it('gives TPID 0x8100 when the kernel does not say which', () => {
    expect(told(0x11, 5, 0)).toBe(0x81000005);
  });

  it('gives none when the frame had none, or when the control data is of another kind', () => {
    expect(told(0x01, 5, 0x8100)).toBe(0);
    expect(told(0x51, 5, 0x8100, 1, 8)).toBe(0);
    expect(told(0x51, 5, 0x8100, 263, 9)).toBe(0);
  });
});
