import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TcpFlag } from '../src/index.ts';
import { observed } from '../src/testing/index.ts';

const MACS = '525400000001525400000002';
const TCP_SYN = 'c35000500000000000000000500216d000000000'; // 50000 → 80
const IPV4_TCP = `0800450000280000400040060000c0a80001c0a80002${TCP_SYN}`;
const frame = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(MACS + hex, 'hex'));
const protocols = fc.constantFrom(6, 6, 17, 1, 58);
const read = (...frames: Uint8Array[]) => observed(frames).headers;

describe('the headers of frames', () => {
  const plain = read(frame(IPV4_TCP));

  it('are read from IPv4 with TCP', () => {
    expect([plain.protocol[0], plain.tcpFlags[0]]).toEqual([6, TcpFlag.Syn]);
    expect([plain.source[0] >>> 0, plain.destination[0] >>> 0]).toEqual([0xc0a80001, 0xc0a80002]);
    expect(plain.ports[0] >>> 0).toBe(((50_000 << 16) | 80) >>> 0);
  });

  it.each(['81000064', '88a80064', '88a8006481000065'])('are read behind the tags %s', (tags) => {
    const tagged = read(frame(tags + IPV4_TCP));
    for (const column of ['protocol', 'source', 'destination', 'ports', 'tcpFlags', 'flow'] as const) {
      expect(tagged[column][0]).toBe(plain[column][0]);
    }
  });

  it('are read from IPv6, and flows differ by address and by port', () => {
    const v6 = (last: string, port = 'c350') =>
      frame(`86dd6000000000140640${'0'.repeat(30)}${last}${'0'.repeat(31)}1${port}${TCP_SYN.slice(4)}`);
    const headers = read(v6('02'), v6('03'), v6('02', 'c351'), v6('02'));
    expect([...headers.protocol]).toEqual([6, 6, 6, 6]);
    expect(headers.source[0]).toBe(headers.source[3]);
    expect(headers.source[0]).not.toBe(headers.source[1]);
    expect(headers.flow[0]).toBe(headers.flow[3]);
    expect(new Set(headers.flow)).toHaveLength(3);
  });

  it('are read alike in a frame that is plain and one that is looked at piece by piece', () => {
    const octets = fc.uint8Array({ minLength: 20, maxLength: 20 });
    const ip = fc.record({ head: octets, rest: fc.uint8Array({ minLength: 14, maxLength: 60 }), protocol: protocols });
    fc.assert(
      fc.property(ip, ({ head, rest, protocol }) => {
        head[0] = 0x45;
        head[9] = protocol;
        const hex = (...parts: Uint8Array[]): string => parts.map((part) => Buffer.from(part).toString('hex')).join('');
        const packet = hex(head, rest);
        const headers = read(frame(`0800${packet}`), frame(`810000010800${packet}`));
        for (const column of ['protocol', 'source', 'destination', 'ports', 'tcpFlags', 'flow'] as const) {
          expect([column, headers[column][0]]).toEqual([column, headers[column][1]]);
        }
      }),
    );
  });

  it('give each pair of ports between two addresses a flow of its own', () => {
    const bytes = frame(IPV4_TCP);
    const flows = new Set<number>();
    for (let port = 0; port < 65_536; port += 7) {
      new DataView(bytes.buffer).setUint16(34, port);
      new DataView(bytes.buffer).setUint16(36, 65_535 - port);
      flows.add(read(bytes).flow[0] as number);
    }
    expect(flows.size).toBe(Math.ceil(65_536 / 7));
  });

  it('of a later fragment have no ports', () => {
    const fragment = read(frame(IPV4_TCP.replace('00004000', '00000010')));
    expect([fragment.protocol[0], fragment.ports[0], fragment.tcpFlags[0]]).toEqual([6, 0, 0]);
  });

  it('are 0 where a frame ends, and never those of the frame before it', () => {
    const whole = frame(IPV4_TCP);
    for (let length = 0; length < whole.length; length++) {
      const headers = read(whole, whole.subarray(0, length));
      const hasIp = length >= 34;
      const hasPorts = length >= 38;
      expect(headers.protocol[1]).toBe(hasIp ? 6 : 0);
      expect(headers.source[1]).toBe(hasIp ? plain.source[0] : 0);
      expect(headers.ports[1]).toBe(hasPorts ? plain.ports[0] : 0);
      expect(headers.tcpFlags[1]).toBe(length >= 48 ? TcpFlag.Syn : 0);
    }
  });
});
