import { readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CaptureWriter } from '../src/capture.ts';
import { freshPath, readAll } from './files.ts';

const bytesOf = (path: string): string => readFileSync(path).toString('hex');
/** Hexadecimal digits without the spaces that part the fields. */
const fields = (...text: string[]): string => text.join('').replaceAll(' ', '');

describe('a capture that is written', () => {
  it('as pcap is this, byte for byte', () => {
    const path = freshPath();
    const writer = new CaptureWriter(path);
    writer.write(1_500_000, Uint8Array.of(9, 1, 2, 3, 9), 1, 3);
    writer.close();
    const header = 'd4c3b2a1 0200 0400 00000000 00000000 00000400 01000000';
    expect(bytesOf(path)).toBe(fields(header, '01000000 20a10700 03000000 03000000 010203'));
  });

  it('as pcapng is this, byte for byte', () => {
    const path = freshPath();
    const writer = new CaptureWriter(path, { format: 'pcapng', stamps: 'ns', interfaceName: 'up0' });
    writer.write(5_000_000.001, Uint8Array.of(1, 2, 3), 0, 3);
    writer.close();
    const section = '0a0d0d0a 1c000000 4d3c2b1a 01000000 ffffffffffffffff 1c000000';
    const interfaceOne = '01000000 28000000 0100 0000 00000400 02000300 75703000 09000100 09000000 00000000 28000000';
    const packet = '06000000 24000000 00000000 01000000 01f2052a 03000000 03000000 01020300 24000000';
    expect(bytesOf(path)).toBe(fields(section, interfaceOne, packet));
  });

  it('carries a rounded-up fraction into the seconds', () => {
    const path = freshPath();
    const writer = new CaptureWriter(path);
    writer.write(0, Uint8Array.of(1), 0, 1);
    writer.write(999_999.7, Uint8Array.of(1), 0, 1);
    writer.close();
    expect(readAll(path)[1].sinceFirstUs).toBe(1e6);
  });

  it('is buffered, and whole once closed; closing again does nothing', () => {
    const path = freshPath();
    const writer = new CaptureWriter(path);
    const frame = new Uint8Array(1514).fill(7);
    for (let i = 0; i < 1000; i++) writer.write(i, frame, 0, frame.length);
    expect(statSync(path).size).toBeLessThan(24 + 1000 * 1530);
    writer.close();
    writer.close();
    expect(statSync(path).size).toBe(24 + 1000 * 1530);
    expect(readAll(path).every((captured, i) => captured.sinceFirstUs === i && captured.bytes.length === 1514)).toBe(
      true,
    );
  });

  it('cuts a frame that no capture may hold and says how long it was', () => {
    const path = freshPath();
    const writer = new CaptureWriter(path, { format: 'pcapng' });
    writer.write(0, new Uint8Array(300_000), 0, 300_000);
    writer.close();
    expect(readAll(path).map((frame) => [frame.bytes.length, frame.originalBytes])).toEqual([[262_144, 300_000]]);
  });
});
