import { describe, expect, it } from 'vitest';
import { LinePacer } from '../src/index.ts';

/** Looks at the line and puts as many of the waiting frames, 10 us each, on it as may begin by now. */
function carry(line: LinePacer, nowUs: number, waiting: number): number[] {
  const beginsUs: number[] = [];
  line.look(nowUs);
  while (beginsUs.length < waiting && line.isFree(nowUs)) beginsUs.push(line.carry(10));
  line.leave(beginsUs.length < waiting);
  return beginsUs;
}

describe('a line pacer', () => {
  it('carries one frame at a time, the next right behind the one before', () => {
    const line = new LinePacer();
    expect(carry(line, 0, 5)).toEqual([0]);
    expect(carry(line, 9, 4)).toEqual([]);
    expect(carry(line, 25, 4)).toEqual([10, 20]);
  });

  it('begins new frames no earlier than they came', () => {
    const line = new LinePacer();
    expect(carry(line, 0, 1)).toEqual([0]);
    expect(carry(line, 1000, 2)).toEqual([1000]);
  });

  it('says when the next waiting frame may begin, and nothing when none waits', () => {
    const line = new LinePacer();
    expect(line.nextBeginUs(0)).toBe(Number.POSITIVE_INFINITY);
    carry(line, 0, 2);
    expect(line.nextBeginUs(0)).toBe(10);
    expect(line.nextBeginUs(15)).toBe(15);
    carry(line, 15, 1);
    expect(line.nextBeginUs(15)).toBe(Number.POSITIVE_INFINITY);
  });

  it('takes frames that were not offered for 20 ms to have gone elsewhere', () => {
    const line = new LinePacer();
    carry(line, 0, 2);
    expect(line.nextBeginUs(20_009)).toBe(20_009);
    expect(line.nextBeginUs(20_010)).toBe(Number.POSITIVE_INFINITY);
    expect(carry(line, 30_000, 1)).toEqual([30_000]);
  });
});
