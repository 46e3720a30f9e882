import { writeFileSync } from 'node:fs';
import { isFairleadError } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { CaptureReader } from '../src/capture.ts';
import { Bytes, fileOf, freshPath, readAll } from './files.ts';

const FRAME = Array.from({ length: 61 }, (_, i) => i);

function pcapHeader(littleEndian: boolean, { magic = 0xa1b2c3d4, minor = 4, linkType = 1 } = {}): Bytes {
  return new Bytes(littleEndian).u32(magic).u16(2, minor).u32(0, 0, 0xffffffff, linkType);
}

const section = (e: boolean): Bytes => new Bytes(e).u32(0x1a2b3c4d).u16(1, 0).u32(0xffffffff, 0xffffffff);
const ethernet = (e: boolean, snapBytes = 0): Bytes => new Bytes(e).u16(1, 0).u32(snapBytes);
const packet = (e: boolean, from: number, high: number, low: number): Bytes =>
  new Bytes(e).u32(from, high, low, 61, 90).u8(...FRAME, 0, 0, 0);

/** What is wrong with a file, or undefined when nothing is. */
function fault(path: string): string | undefined {
  try {
    readAll(path);
    return undefined;
  } catch (error) {
    expect(isFairleadError(error) && error.code).toBe('FAIRLEAD_ERR_CAPTURE_FORMAT');
    expect((error as { mend?: string }).mend).toBeTruthy();
    expect((error as { where?: string }).where).toContain(path);
    return (error as Error).message;
  }
}

describe.each([
  ['little-endian', true],
  ['big-endian', false],
])('a %s file', (_name, e) => {
  it.each([
    ['microsecond', 0xa1b2c3d4, 1],
    ['nanosecond', 0xa1b23c4d, 0.001],
  ])('of pcap with %s stamps is read', (_stamps, magic, fractionUs) => {
    const bytes = pcapHeader(e, { magic });
    bytes.u32(1_700_000_000, 999_999, 61, 61).u8(...FRAME);
    bytes.u32(1_700_000_001, 1, 3, 1500).u8(7, 8, 9);
    const frames = readAll(fileOf(bytes.done()));
    expect(frames.map((frame) => [[...frame.bytes], frame.originalBytes])).toEqual([
      [FRAME, 61],
      [[7, 8, 9], 1500],
    ]);
    expect(frames[0].sinceFirstUs).toBe(0);
    expect(frames[1].sinceFirstUs).toBeCloseTo(1e6 - 999_998 * fractionUs, 6);
  });

  it('of pcapng is read: several interfaces with their own clocks, unknown blocks, options', () => {
    const nanoseconds = ethernet(e).u16(2, 3).u8(0x65, 0x74, 0x68, 0).u16(9, 1).u8(9, 0, 0, 0).u16(0, 0);
    const halves = ethernet(e).u16(9, 1).u8(0x81, 0, 0, 0).u16(14, 8);
    if (e) halves.u32(100, 0);
    else halves.u32(0, 100);
    const file = new Bytes(e)
      .block(0x0a0d0d0a, section(e).u16(4, 3).u8(0x66, 0x6c, 0x64, 0).u16(0, 0))
      .block(1, ethernet(e))
      .block(1, nanoseconds)
      .block(1, halves)
      .block(0x40000bad, new Bytes(e).u8(...new Uint8Array(400).fill(1)))
      // 1000 s in microseconds; the same second and 5 us in nanoseconds; 901 s and 100 s of offset in half seconds.
      .block(6, packet(e, 0, 0, 1_000_000_000))
      .block(6, packet(e, 1, Math.floor(1_000_000_005_000 / 2 ** 32), 1_000_000_005_000 % 2 ** 32))
      .block(6, packet(e, 2, 0, 1803).u16(1, 2).u8(0x68, 0x69, 0, 0).u16(0, 0));
    const frames = readAll(fileOf(file.done()));
    expect(frames.map(({ sinceFirstUs, originalBytes }) => [sinceFirstUs, originalBytes])).toEqual([
      [0, 90],
      [5, 90],
      [1_500_000, 90],
    ]);
    for (const frame of frames) expect([...frame.bytes]).toEqual(FRAME);
  });

  it('of pcapng with simple packets is read; they keep the time of the one before and obey the snap length', () => {
    const file = new Bytes(e)
      .block(0x0a0d0d0a, section(e))
      .block(1, ethernet(e, 4))
      .block(6, packet(e, 0, 0, 50))
      .block(3, new Bytes(e).u32(3).u8(1, 2, 3, 0))
      .block(3, new Bytes(e).u32(1000).u8(1, 2, 3, 4));
    const frames = readAll(fileOf(file.done()));
    expect(frames.slice(1).map((frame) => [...frame.bytes])).toEqual([
      [1, 2, 3],
      [1, 2, 3, 4],
    ]);
    expect(frames.map((frame) => [frame.sinceFirstUs, frame.originalBytes])).toEqual([
      [0, 90],
      [0, 3],
      [0, 1000],
    ]);
  });

  it('of pcapng may change its byte order and its interfaces with a new section', () => {
    const first = new Bytes(e)
      .block(0x0a0d0d0a, section(e))
      .block(1, ethernet(e))
      .block(6, packet(e, 0, 0, 1));
    const second = new Bytes(!e)
      .block(0x0a0d0d0a, section(!e))
      .block(1, ethernet(!e))
      .block(6, packet(!e, 0, 0, 8));
    expect(readAll(fileOf(first.done(), second.done())).map((frame) => frame.sinceFirstUs)).toEqual([0, 7]);
    const orphan = new Bytes(!e).block(0x0a0d0d0a, section(!e)).block(6, packet(!e, 0, 0, 8));
    expect(fault(fileOf(first.done(), orphan.done()))).toContain('interface 0 is not described');
  });
});

describe('reading a capture', () => {
  it('gives the same frames whatever the size of the chunks', () => {
    const bytes = pcapHeader(true);
    for (let i = 0; i < 50; i++) bytes.u32(i, 0, 61, 61).u8(...FRAME);
    const path = fileOf(bytes.done());
    const whole = readAll(path);
    expect(whole).toHaveLength(50);
    for (const chunkBytes of [24, 25, 77, 100, 4096]) expect(readAll(path, { chunkBytes })).toEqual(whole);
  });

  it('tells how far it is', () => {
    const reader = new CaptureReader(
      fileOf(
        pcapHeader(true)
          .u32(0, 0, 61, 61)
          .u8(...FRAME)
          .done(),
      ),
    );
    expect([reader.sizeBytes, reader.offsetBytes]).toEqual([101, 24]);
    reader.next();
    reader.next();
    expect(reader.offsetBytes).toBe(101);
    expect(reader.next()).toBe(false);
    reader.close();
  });

  it('keeps the nanoseconds of today', () => {
    const reader = new CaptureReader(
      fileOf(pcapHeader(true, { magic: 0xa1b23c4d }).u32(1_790_000_000, 123_456_789, 1, 1).u8(1).done()),
    );
    reader.next();
    expect([reader.seconds, reader.nanoseconds]).toEqual([1_790_000_000, 123_456_789]);
    reader.close();
  });
});

describe('a file that is no capture', () => {
  const header = pcapHeader(true);
  const block = (type: number, body: Bytes): Uint8Array =>
    new Bytes(true).block(0x0a0d0d0a, section(true)).block(1, ethernet(true)).block(type, body).done();
  const cases: [string, string, () => string][] = [
    ['that is missing', 'ENOENT', () => freshPath()],
    ['that is a folder', 'cannot be read', () => '/'],
    ['that is empty', 'is empty', () => fileOf([])],
    ['of text', 'neither as pcap nor as pcapng', () => fileOf(Buffer.from('hello, world, this is text'))],
    ['of three bytes', 'too short', () => fileOf([0xd4, 0xc3, 0xb2])],
    ['that is packed', 'gunzip', () => fileOf([0x1f, 0x8b, 8, 0, 0, 0])],
    ['of an older pcap', 'version 2.3', () => fileOf(pcapHeader(true, { minor: 3 }).done())],
    ['of Wi-Fi frames', 'link type 105', () => fileOf(pcapHeader(true, { linkType: 105 }).done())],
    ['with half a header', 'byte 0', () => fileOf(header.done().subarray(0, 20))],
    ['with half a record header', 'byte 24', () => fileOf(header.done(), [1, 2, 3])],
    [
      'with half a record',
      'of 61 bytes, is cut off',
      () => fileOf(header.done(), new Bytes(true).u32(0, 0, 61, 61).u8(1, 2).done()),
    ],
    [
      'with a claim of 4 GiB',
      'claims 4294967295 bytes',
      () => fileOf(header.done(), new Bytes(true).u32(0, 0, 0xffffffff, 1).done()),
    ],
    [
      'of pcapng with no magic',
      'no byte-order magic',
      () => fileOf(new Bytes(true).u32(0x0a0d0d0a, 28, 0).u32(0, 0, 0, 28).done()),
    ],
    [
      'of pcapng 2',
      'version 2.0',
      () => fileOf(new Bytes(true).block(0x0a0d0d0a, new Bytes(true).u32(0x1a2b3c4d).u16(2, 0).u32(0, 0)).done()),
    ],
    [
      'with an odd block',
      'length of 13',
      () => fileOf(block(1, ethernet(true)), new Bytes(true).u32(5, 13, 0, 13).done()),
    ],
    ['with a tiny block', 'length of 8', () => fileOf(block(1, ethernet(true)), new Bytes(true).u32(5, 8).done())],
    [
      'with lengths that differ',
      'ends with the length 20',
      () => fileOf(block(1, ethernet(true)), new Bytes(true).u32(5, 16, 0, 20).done()),
    ],
    [
      'with a packet of 4 GiB',
      'does not fit its block',
      () => fileOf(block(6, new Bytes(true).u32(0, 0, 0, 0xffffffff, 1))),
    ],
    [
      'with a packet longer than its block',
      'does not fit its block',
      () => fileOf(block(6, new Bytes(true).u32(0, 0, 0, 8, 8, 0))),
    ],
    ['with a simple packet too long', 'does not fit its block', () => fileOf(block(3, new Bytes(true).u32(5, 0)))],
    [
      'with a block of 4 GiB',
      'more than',
      () => fileOf(block(1, ethernet(true)), new Bytes(true).u32(6, 0xfffffffc, 0, 0).done()),
    ],
    [
      'with an unknown block of 4 GiB',
      'cut off',
      () => fileOf(block(1, ethernet(true)), new Bytes(true).u32(99, 0xfffffffc, 0, 0).done()),
    ],
    ['with a short packet block', 'of 32 at least', () => fileOf(block(6, new Bytes(true).u32(0, 0)))],
    ['with an interface unheard of', 'interface 7', () => fileOf(block(6, packet(true, 7, 0, 0)))],
    ['with an option beyond its block', 'beyond its block', () => fileOf(block(1, ethernet(true).u16(9, 400)))],
    [
      'with frames of another link type',
      'link type 113',
      () =>
        fileOf(
          new Bytes(true)
            .block(0x0a0d0d0a, section(true))
            .block(1, new Bytes(true).u16(113, 0).u32(0))
            .block(6, packet(true, 0, 0, 0))
            .done(),
        ),
    ],
  ];

  it.each(cases)('%s is told by file, place and mend', (_name, expected, make) => {
    expect(fault(make())).toContain(expected);
  });

  it('names the byte where it is wrong', () => {
    const good = pcapHeader(true)
      .u32(0, 0, 61, 61)
      .u8(...FRAME);
    expect(fault(fileOf(good.done(), new Bytes(true).u32(0, 0, 300_000, 1).done()))).toContain(`byte ${24 + 77 + 8}`);
  });

  it('ends there: the frames before were given, and nothing is read after', () => {
    const good = pcapHeader(true)
      .u32(0, 0, 61, 61)
      .u8(...FRAME);
    const reader = new CaptureReader(fileOf(good.done(), new Bytes(true).u32(0, 0, 300_000, 1).done()));
    expect(reader.next()).toBe(true);
    expect(() => reader.next()).toThrow('300000');
    expect(reader.next()).toBe(false);
    reader.close();
  });

  it('may be cut off when that is asked for, at any byte; damage may not', () => {
    const whole = pcapHeader(true);
    for (let i = 0; i < 3; i++) whole.u32(i, 0, 61, 61).u8(...FRAME);
    const bytes = whole.done();
    for (let end = 24; end < bytes.length; end++) {
      const warnings: string[] = [];
      const frames = readAll(fileOf(bytes.subarray(0, end)), { onTruncated: (message) => warnings.push(message) });
      expect(frames.length).toBe(Math.floor((end - 24) / 77));
      expect(warnings.length).toBe((end - 24) % 77 === 0 ? 0 : 1);
    }
    const damaged = fileOf(bytes, new Bytes(true).u32(0, 0, 300_000, 1).done());
    expect(() => readAll(damaged, { onTruncated: () => {} })).toThrow('300000');
  });

  it('does not take memory for what it claims', () => {
    const path = freshPath();
    writeFileSync(
      path,
      Buffer.concat([pcapHeader(true).done(), new Bytes(true).u32(0, 0, 262_144, 262_144).u8(1).done()]),
    );
    const reader = new CaptureReader(path, { chunkBytes: 64 });
    expect(() => reader.next()).toThrow('cut off');
    expect(reader.memory.length).toBeLessThan(300_000);
    reader.close();
  });
});
