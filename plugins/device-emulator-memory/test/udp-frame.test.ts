import { formatMac, parseMac } from '@fairlead/sdk';
import { testRandom } from '@fairlead/sdk/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryGuest } from '../src/index.ts';
import { UdpFrame } from '../src/udp-frame.ts';
import { FakePort } from './fake-port.ts';

/** One's complement sum of 16-bit words; 0xffff over data that holds its own checksum. */
function onesSum(...parts: Uint8Array[]): number {
  let sum = 0;
  for (const part of parts) {
    for (let i = 0; i < part.length; i++) {
      sum += part[i] * (i % 2 === 0 ? 256 : 1);
      if (sum > 0xffff) sum -= 0xffff;
    }
  }
  return sum;
}

const mac = fc.uint8Array({ minLength: 6, maxLength: 6 });

describe('a generated UDP frame', () => {
  it('has correct lengths and checksums for any size, addresses and flow', () => {
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 9000 }), mac, mac, fc.nat(16_383), (bytes, source, destination, flow) => {
        const frame = new UdpFrame(bytes, source, destination);
        frame.setFlow((flow + 1) % 16_384);
        frame.setFlow(flow);
        const view = new DataView(frame.bytes.buffer);
        expect([formatMac(frame.bytes, 0), formatMac(frame.bytes, 6)]).toEqual([
          formatMac(destination),
          formatMac(source),
        ]);
        expect([view.getUint16(12), view.getUint16(16), view.getUint16(38)]).toEqual([0x0800, bytes - 14, bytes - 34]);
        expect(onesSum(frame.bytes.subarray(14, 34))).toBe(0xffff);
        const pseudo = new Uint8Array(12);
        pseudo.set(frame.bytes.subarray(26, 34));
        pseudo.set([0, 17, (bytes - 34) >> 8, (bytes - 34) & 0xff], 8);
        expect(onesSum(pseudo, frame.bytes.subarray(34))).toBe(0xffff);
        expect(view.getUint16(40)).not.toBe(0);
        expect(view.getUint16(34)).toBe(49_152 + flow);
      }),
      { numRuns: 200 },
    );
  });

  it("comes from the VM's own MAC and takes the flows in turn", () => {
    const port = new FakePort({ capacity: 6 });
    const traffic = {
      rateBps: 1e9,
      frameBytes: 60,
      pattern: 'constant',
      onUs: 1,
      offUs: 1,
      destination: '02:00:00:00:00:01',
      flows: 3,
      waitingFrames: 0,
    } as const;
    const a = new MemoryGuest({ keepReceived: 0, traffic }, port, testRandom(1));
    a.poll(0);
    a.poll(10);
    const ports = port.takeAll().map((frame) => new DataView(frame.buffer).getUint16(34) - 49_152);
    expect(ports).toEqual([0, 1, 2, 0, 1, 2]);
    a.poll(10.5);
    expect(formatMac(port.takeAll()[0], 6)).toBe(formatMac(port.macs[0]));
  });

  it('takes a source MAC of its own, as a guest that forges one', () => {
    const port = new FakePort();
    const traffic = {
      rateBps: 1e9,
      frameBytes: 60,
      pattern: 'constant',
      onUs: 1,
      offUs: 1,
      destination: '02:00:00:00:00:01',
      source: '52:54:00:66:66:66',
      flows: 1,
      waitingFrames: 0,
    } as const;
    new MemoryGuest({ keepReceived: 0, traffic }, port, testRandom(1)).poll(0);
    expect(port.pushed[0].subarray(6, 12)).toEqual(parseMac('52:54:00:66:66:66'));
  });
});
