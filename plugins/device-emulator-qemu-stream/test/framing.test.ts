import { DropReason } from '@fairlead/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader, LARGEST_CLAIM_BYTES } from '../src/frame-reader.ts';
import { FrameWriter } from '../src/frame-writer.ts';
import { claim, FakePort, frame, framed } from './fake-port.ts';

/** Cuts `bytes` at the given places, in any order, repeated ones making empty chunks. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const edges = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((edge, i) => bytes.subarray(edges[i], edge));
}

/** Reads chunks as the device does: a port without room is given room for one more frame and asked again. */
function readAll(reader: FrameReader, port: FakePort, chunks: readonly Uint8Array[]): number {
  for (const chunk of chunks) {
    let at = reader.read(chunk, 0);
    while (at >= 0 && (at < chunk.length || reader.holdsFrame)) {
      port.capacity++;
      at = reader.read(chunk, at);
    }
    if (at < 0) return -1;
  }
  return 0;
}

const lengths = fc.array(fc.integer({ min: 14, max: 1514 }), { minLength: 1, maxLength: 40 });
const places = fc.array(fc.nat(60_000), { maxLength: 60 });

describe('frames out of a stream', () => {
  it('are the same however the stream is cut, and however often the port has no room', () => {
    fc.assert(
      fc.property(lengths, places, fc.integer({ min: 0, max: 40 }), (sizes, at, capacity) => {
        const frames = sizes.map((bytes, i) => frame(bytes, i));
        const port = new FakePort();
        port.capacity = capacity;
        expect(readAll(new FrameReader(port), port, cut(framed(...frames), at))).toBe(0);
        expect(port.sent).toEqual(frames);
        expect(port.refused).toEqual([]);
      }),
    );
  });

  it('arrive one byte at a time', () => {
    const frames = [frame(14), frame(60, 1), frame(1514, 2)];
    const stream = framed(...frames);
    const port = new FakePort();
    const reader = new FrameReader(port);
    for (const byte of stream) reader.read(Uint8Array.of(byte), 0);
    expect(port.sent).toEqual(frames);
  });

  it('of 0 to 13 bytes are counted as runts and harm no other frame, wherever they are cut', () => {
    for (let bytes = 0; bytes < 14; bytes++) {
      const stream = framed(frame(60, 1), frame(bytes), frame(60, 2));
      for (let place = 0; place <= stream.length; place++) {
        const port = new FakePort();
        readAll(new FrameReader(port), port, cut(stream, [place]));
        expect(port.sent).toEqual([frame(60, 1), frame(60, 2)]);
        expect(port.refused).toEqual([DropReason.Runt]);
      }
    }
  });

  it('longer than a slot are counted once and passed over, up to the largest length believed', () => {
    fc.assert(
      fc.property(fc.constantFrom(1515, 2048, 65_535, LARGEST_CLAIM_BYTES), places, (bytes, at) => {
        const port = new FakePort();
        const chunks = cut(framed(frame(60, 1), new Uint8Array(bytes), frame(60, 2)), at);
        expect(readAll(new FrameReader(port), port, chunks)).toBe(0);
        expect(port.sent).toEqual([frame(60, 1), frame(60, 2)]);
        expect(port.refused).toEqual([DropReason.Oversize]);
      }),
      { numRuns: 30 },
    );
  });

  it.each([LARGEST_CLAIM_BYTES + 1, 0x7fffffff, 0x80000000, 0xffffffff])(
    'end at a length of %i: nothing after it is believed',
    (bytes) => {
      const port = new FakePort();
      const reader = new FrameReader(port);
      const stream = Buffer.concat([framed(frame(60, 1)), claim(bytes), framed(frame(60, 2))]);
      expect(reader.read(stream, 0)).toBe(-1);
      expect(port.sent).toEqual([frame(60, 1)]);
      expect(port.refused).toEqual([DropReason.Malformed]);
    },
  );

  it('are never longer than a slot, and the reader never throws, whatever the bytes', () => {
    const hostile = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.integer({ min: 0, max: 5000 }).map(claim),
        fc.nat(3000).map((n) => frame(n)),
      ),
    );
    fc.assert(
      fc.property(hostile, places, (parts, at) => {
        const port = new FakePort();
        const stream = Buffer.concat(parts);
        readAll(new FrameReader(port), port, cut(stream, at));
        const carried = port.sent.reduce((sum, one) => sum + one.length + 4, 0);
        expect(carried).toBeLessThanOrEqual(stream.length);
        for (const one of port.sent) expect(one.length >= 14 && one.length <= port.maxFrameBytes).toBe(true);
      }),
    );
  });

  it('cut off by the end of the stream are counted as malformed, and the next stream starts afresh', () => {
    const whole = framed(frame(60, 1));
    for (let bytes = 1; bytes < whole.length; bytes++) {
      const port = new FakePort();
      const reader = new FrameReader(port);
      reader.read(whole.subarray(0, bytes), 0);
      reader.abandon();
      reader.read(framed(frame(60, 2)), 0);
      expect(port.refused).toEqual([DropReason.Malformed]);
      expect(port.sent).toEqual([frame(60, 2)]);
    }
  });

  it('that came whole leave nothing behind at the end of the stream', () => {
    const port = new FakePort();
    const reader = new FrameReader(port);
    reader.read(framed(frame(60)), 0);
    reader.abandon();
    expect(port.refused).toEqual([]);
  });

  it('wait in place while the port has no room: the position stays at the frame', () => {
    const port = new FakePort();
    port.capacity = 1;
    const reader = new FrameReader(port);
    const stream = framed(frame(60, 1), frame(60, 2));
    expect(reader.read(stream, 0)).toBe(64);
    expect(reader.read(stream, 64)).toBe(64);
    port.capacity = 2;
    expect(reader.read(stream, 64)).toBe(128);
    expect(port.sent).toEqual([frame(60, 1), frame(60, 2)]);
  });
});

describe('frames into a stream', () => {
  it('come out of it again, whatever their lengths', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 14, max: 1514 }), { maxLength: 400 }), (sizes) => {
        const port = new FakePort();
        const frames = sizes.map((bytes, i) => frame(bytes, i));
        port.waiting = frames;
        const writer = new FrameWriter(port, 65_536);
        const back = new FakePort();
        const reader = new FrameReader(back);
        for (let part = writer.fill(); part.length > 0; part = writer.fill()) {
          expect(part.length).toBeLessThanOrEqual(65_536);
          reader.read(part, 0);
        }
        expect(back.sent).toEqual(frames);
        expect(port.waiting).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it('that do not fit the buffer stay with the port', () => {
    const port = new FakePort();
    port.waiting = [frame(1000, 1), frame(1000, 2), frame(1000, 3)];
    const writer = new FrameWriter(port, 2500);
    expect(Buffer.from(writer.fill())).toEqual(framed(frame(1000, 1), frame(1000, 2)));
    expect(port.waiting).toEqual([frame(1000, 3)]);
  });
});
