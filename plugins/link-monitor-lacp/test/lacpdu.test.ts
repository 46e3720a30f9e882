import { TestMembers } from '@fairlead/sdk/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeLacpdu, encodeLacpdu, type Lacpdu, type PortInformation, SLOW_PROTOCOLS_TYPE } from '../src/lacpdu.ts';
import { Cables, End } from './cables.ts';

const MAC = Uint8Array.of(2, 0xfa, 0x1e, 0xad, 0, 1);
const word = fc.integer({ min: 0, max: 0xffff });
const information: fc.Arbitrary<PortInformation> = fc.record({
  systemPriority: word,
  system: fc.uint8Array({ minLength: 6, maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString('hex')),
  key: word,
  portPriority: word,
  port: word,
  state: fc.integer({ min: 0, max: 0xff }),
});
const anyPdu: fc.Arbitrary<Lacpdu> = fc.record({ actor: information, partner: information });

describe('a LACPDU', () => {
  it('has the bytes of IEEE 802.1AX', () => {
    const actor = {
      systemPriority: 0x8000,
      system: '02fa1ead0000',
      key: 1,
      portPriority: 0x8000,
      port: 2,
      state: 0x3d,
    };
    const partner = { systemPriority: 1, system: '0200000000fa', key: 7, portPriority: 0xff, port: 3, state: 0x3f };
    expect(Buffer.from(encodeLacpdu(MAC, { actor, partner })).toString('hex')).toBe(
      [
        '0180c200000202fa1ead000188090101',
        '0114800002fa1ead0000000180000002 3d000000',
        '021400010200000000fa000700ff0003 3f000000',
        `0310${'0'.repeat(28)}`,
        '0'.repeat(104),
      ]
        .join('')
        .replaceAll(' ', ''),
    );
  });

  it('is read as it was written', () => {
    fc.assert(
      fc.property(anyPdu, (pdu) => {
        expect(decodeLacpdu(encodeLacpdu(MAC, pdu))).toEqual(pdu);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('is none when it is cut off, of another subtype, or its parts are not where they belong', () => {
    const frame = encodeLacpdu(MAC, {
      actor: { systemPriority: 1, system: '02fa1ead0000', key: 1, portPriority: 1, port: 1, state: 1 },
      partner: { systemPriority: 1, system: '02fa1ead0001', key: 1, portPriority: 1, port: 1, state: 1 },
    });
    for (let bytes = 0; bytes < frame.length; bytes++) expect(decodeLacpdu(frame.subarray(0, bytes))).toBeUndefined();
    for (const at of [0, 5, 14, 16, 17, 36, 37]) {
      const changed = frame.slice();
      changed[at] = (changed[at] as number) ^ 0x20;
      expect(decodeLacpdu(changed), `byte ${at}`).toBeUndefined();
    }
    const later = frame.slice();
    later[15] = 2;
    expect(decodeLacpdu(later)).toBeDefined();
  });
});

describe('what arrives on one NIC', () => {
  const near = (bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> =>
    fc.tuple(anyPdu, bytes, fc.nat(123)).map(([pdu, noise, at]) => {
      const frame = encodeLacpdu(MAC, pdu);
      frame.set(noise.subarray(0, frame.length - at), at);
      return frame;
    });

  it('may be any bytes: the other NIC goes on, and no more is sent than three frames a second', () => {
    const noise = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            noise,
            near(fc.uint8Array({ maxLength: 8 })),
            anyPdu.map((pdu) => encodeLacpdu(MAC, pdu)),
          ),
          {
            minLength: 1,
            maxLength: 60,
          },
        ),
        (frames) => {
          const cables = new Cables(2, { rate: 'fast' }, { rate: 'fast' });
          cables.run(3e6);
          const before = cables.sent.near[0] as number;
          for (const frame of frames) {
            cables.near.monitor.receive(0, frame, cables.nowUs);
            cables.run(10_000);
            expect(cables.near.monitor.verdict(1)).toBe('up');
          }
          expect((cables.sent.near[0] as number) - before).toBeLessThanOrEqual(4);
        },
      ),
      { seed: 1, numRuns: 60 },
    );
  });

  it('is heard of the slow protocols alone, and in vain on a NIC that is no member', () => {
    const end = new End(1, {});
    expect(end.port.listened).toEqual([{ etherType: SLOW_PROTOCOLS_TYPE, group: true }]);
    expect(end.port).toBeInstanceOf(TestMembers);
    end.monitor.receive(9, new Uint8Array(124), 0);
    expect(end.monitor.verdict(9)).toBe('unknown');
  });
});
