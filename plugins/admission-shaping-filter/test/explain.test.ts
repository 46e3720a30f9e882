import { createInstance, testBatch, testVms } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import shapingFilter, { type ShapingFilter } from '../src/index.ts';

/** What is said of each frame of a batch of 100-byte frames. */
function whys(frames: number, options: object, row: object = {}): string[] {
  const vms = testVms([{ limitBps: 8e6, burstBytes: 250, ...row }]);
  const policy = createInstance(shapingFilter, options, { vms }) as ShapingFilter;
  const batch = testBatch(Array.from({ length: frames }, () => 100));
  policy.admit(batch);
  return Array.from({ length: frames }, (_, i) => policy.explain(batch, i).why);
}

const held = 'the buckets held its 100 bytes';
const short = 'the average bucket does not hold its 100 bytes';
const behind = 'it is behind one that waits';

describe('the shaping filter says', () => {
  it.each([
    ['which bucket is short', {}, [held, held, short, behind]],
    ['the same where it drops', { mode: 'police' }, [held, held, short, short]],
    ['that a VM has sent its frames a second', { framesPerSecond: 10, burstFrames: 1 }, 1],
    [
      'that too many would wait',
      { queueFrames: 1 },
      [held, held, 'more than 1 frames would wait, and it is among the oldest', short],
    ],
  ] as const)('%s', (_, options, expected) => {
    const said = whys(4, options);
    if (expected === 1) expect(said.slice(0, 2)).toEqual([held, 'no more of its 10 frames a second are left']);
    else expect(said).toEqual(expected);
  });

  it('that a VM has no limit', () => {
    expect(whys(1, {}, { limitBps: Number.POSITIVE_INFINITY })).toEqual(['the VM has no limit']);
  });

  it('what a meter of colours made of a frame', () => {
    expect(whys(3, { meter: 'srtcm', ebsBytes: 0, red: 'drop', yellow: 'drop' })).toEqual([
      'the meter gave its 100 bytes a colour that goes',
      'the meter gave its 100 bytes a colour that goes',
      'the meter has no tokens for its 100 bytes',
    ]);
  });
});
