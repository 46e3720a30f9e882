import { deepStrictEqual as assertSame } from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RING_CONTROL_WORDS, RING_TAIL_WORD } from '../../src/memory/layout.ts';
import { RingGroup } from '../../src/memory/ring-group.ts';

const SIZE = 8;
const RINGS = 3;

/** Both sides of a group of rings whose heads and tails begin at a number. */
function ringsFrom(start: number): { producer: RingGroup; consumer: RingGroup } {
  const memory = new SharedArrayBuffer(RingGroup.byteLength(RINGS, SIZE));
  const control = new Int32Array(memory, 0, RINGS * RING_CONTROL_WORDS);
  for (let ring = 0; ring < RINGS; ring++) {
    control[ring * RING_CONTROL_WORDS] = start;
    control[ring * RING_CONTROL_WORDS + RING_TAIL_WORD] = start;
  }
  return { producer: new RingGroup(memory, 0, RINGS, SIZE), consumer: new RingGroup(memory, 0, RINGS, SIZE) };
}

/** A ring as two arrays: what is published, and what is staged behind it. */
class Model {
  readonly published: number[] = [];
  readonly staged: number[] = [];

  get room(): number {
    return SIZE - this.published.length - this.staged.length;
  }

  publish(): void {
    this.published.push(...this.staged.splice(0));
  }
}

type Command = (real: ReturnType<typeof ringsFrom>, models: readonly Model[], next: () => number) => void;

const ringNumber = fc.integer({ min: 0, max: RINGS - 1 });
const amount = fc.integer({ min: 0, max: SIZE + 3 });
const commands: fc.Arbitrary<Command> = fc.oneof(
  ringNumber.map(
    (ring): Command =>
      ({ producer }, models, next) => {
        const value = next();
        const model = models[ring];
        const fits = model.room > 0;
        assertSame(producer.stage(ring, value), fits);
        if (fits) model.staged.push(value);
      },
  ),
  ringNumber.map(
    (ring): Command =>
      ({ producer }, models) => {
        producer.publish(ring);
        models[ring].publish();
      },
  ),
  fc.tuple(ringNumber, amount).map(
    ([ring, count]): Command =>
      ({ producer }, models, next) => {
        const values = Int32Array.from({ length: count }, next);
        const model = models[ring];
        const fits = Math.min(count, model.room);
        assertSame(producer.enqueue(ring, values, count), fits);
        // An enqueue publishes what it has written; when that is nothing, what was staged before may wait.
        if (fits === 0) producer.publish(ring);
        model.staged.push(...values.subarray(0, fits));
        model.publish();
      },
  ),
  ringNumber.map(
    (ring): Command =>
      ({ producer }, models) => {
        assertSame(producer.room(ring), models[ring].room);
      },
  ),
  fc.tuple(ringNumber, amount, amount).map(
    ([ring, max, take]): Command =>
      ({ consumer }, models) => {
        const out = new Int32Array(SIZE + 3);
        const { published } = models[ring];
        const seen = consumer.peek(ring, out, max);
        assertSame([...out.subarray(0, seen)], published.slice(0, max));
        const taken = Math.min(take, seen);
        consumer.consume(ring, taken);
        published.splice(0, taken);
      },
  ),
  ringNumber.map(
    (ring): Command =>
      ({ producer, consumer }, models) => {
        const { published } = models[ring];
        assertSame([producer.length(ring), consumer.length(ring)], [published.length, published.length]);
        assertSame(
          published.map((_, i) => consumer.entry(ring, i)),
          published,
        );
      },
  ),
);

describe('a group of rings', () => {
  it.each([
    ['zero', 0],
    ['just below 2^31', 0x7fff_fff5],
    ['just below 2^32', -7],
  ])('gives every value once, in order, when its counters begin at %s', (_, start) => {
    fc.assert(
      fc.property(fc.array(commands, { maxLength: 120 }), (list) => {
        const real = ringsFrom(start);
        const models = Array.from({ length: RINGS }, () => new Model());
        let value = -50;
        for (const command of list) command(real, models, () => value++);
      }),
    );
  });

  it('keeps staged values from the consumer until they are published', () => {
    const { producer, consumer } = ringsFrom(0);
    const out = new Int32Array(SIZE);
    producer.stage(1, 7);
    producer.stage(1, 8);
    expect([consumer.peek(1, out, SIZE), consumer.length(1)]).toEqual([0, 0]);
    producer.publish(1);
    expect([consumer.peek(1, out, SIZE), out[0], out[1]]).toEqual([2, 7, 8]);
  });

  it('refuses what does not fit, and takes it when the consumer has made room', () => {
    const { producer, consumer } = ringsFrom(0);
    for (let i = 0; i < SIZE; i++) expect(producer.stage(0, i)).toBe(true);
    expect(producer.stage(0, 99)).toBe(false);
    producer.publish(0);
    consumer.consume(0, 1);
    expect(producer.stage(0, 99)).toBe(true);
    expect(producer.room(0)).toBe(0);
  });

  it('lets a side that comes later go on where the one before it had published', () => {
    const { producer } = ringsFrom(0x7fff_ffff);
    const { buffer } = producer.control;
    producer.stage(2, 1);
    producer.publish(2);
    producer.stage(2, 2); // never published: its side dies here
    const later = new RingGroup(buffer as SharedArrayBuffer, 0, RINGS, SIZE);
    later.stage(2, 3);
    later.publish(2);
    const out = new Int32Array(SIZE);
    expect([later.peek(2, out, SIZE), out[0], out[1]]).toEqual([2, 1, 3]);
  });

  it('reads no more than the ring holds from a producer that writes a wrong tail', () => {
    const { consumer } = ringsFrom(0);
    const out = new Int32Array(64);
    consumer.control[RING_TAIL_WORD] = 1000;
    expect(consumer.peek(0, out, 64)).toBe(SIZE);
    consumer.control[RING_TAIL_WORD] = -1000;
    expect(new RingGroup(consumer.control.buffer as SharedArrayBuffer, 0, RINGS, SIZE).peek(0, out, 64)).toBe(0);
  });
});
