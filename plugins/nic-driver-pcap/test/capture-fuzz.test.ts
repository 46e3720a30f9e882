import { readFileSync } from 'node:fs';
import { isFairleadError } from '@fairlead/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CaptureFormat, CaptureWriter, type StampResolution } from '../src/capture.ts';
import { fileOf, freshPath, readAll } from './files.ts';

interface Sent {
  us: number;
  bytes: Uint8Array;
}

const frames = fc.array(
  fc.record({
    us: fc.nat(4_000_000_000),
    bytes: fc.oneof(fc.uint8Array({ maxLength: 80 }), fc.uint8Array({ minLength: 1500, maxLength: 1520 })),
  }),
  { maxLength: 20 },
);

function write(sent: readonly Sent[], format: CaptureFormat, stamps: StampResolution): string {
  const path = freshPath();
  const writer = new CaptureWriter(path, { format, stamps, interfaceName: 'uplink0' });
  for (const { us, bytes } of sent) writer.write(us, bytes, 0, bytes.length);
  writer.close();
  return path;
}

/** Reads whatever it is; nothing but the one error may come of it. */
function survive(bytes: Uint8Array): void {
  try {
    readAll(fileOf(bytes), { chunkBytes: 512 });
  } catch (error) {
    if (!isFairleadError(error)) throw error;
    expect(error.code).toBe('FAIRLEAD_ERR_CAPTURE_FORMAT');
  }
}

describe.each([
  ['pcap', 'us'],
  ['pcap', 'ns'],
  ['pcapng', 'us'],
  ['pcapng', 'ns'],
] as const)('%s with %s stamps', (format, stamps) => {
  it('gives back any frames and times that were written', () => {
    fc.assert(
      fc.property(frames, (sent) => {
        const read = readAll(write(sent, format, stamps), { chunkBytes: 100 });
        expect(read.map((frame) => ({ us: frame.sinceFirstUs + sent[0].us, bytes: frame.bytes }))).toEqual(sent);
      }),
      { numRuns: 60 },
    );
  });

  it('is the same file for the same frames', () => {
    fc.assert(
      fc.property(frames, (sent) => {
        expect(readFileSync(write(sent, format, stamps))).toEqual(readFileSync(write(sent, format, stamps)));
      }),
      { numRuns: 20 },
    );
  });

  it('with bytes changed or missing is read or refused, never anything else', () => {
    const change = fc.record({ at: fc.nat(2000), to: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)) });
    fc.assert(
      fc.property(frames, fc.array(change, { maxLength: 6 }), fc.nat(4000), (sent, changes, end) => {
        const bytes = readFileSync(write(sent, format, stamps));
        for (const { at, to } of changes) if (bytes.length > 0) bytes[at % bytes.length] = to;
        survive(bytes.subarray(0, end));
      }),
      { numRuns: 250 },
    );
  });
});

describe('random bytes', () => {
  it('are refused, never anything else, also behind each magic number', () => {
    const magic = fc.constantFrom(
      [],
      [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0],
      [0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 4],
      [0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0],
    );
    fc.assert(
      fc.property(magic, fc.uint8Array({ maxLength: 300 }), (start, rest) =>
        survive(Uint8Array.from([...start, ...rest])),
      ),
      { numRuns: 400 },
    );
  });
});
