import { describe, expect, it } from 'vitest';
import { FairQueueing } from '../src/fair-queueing.ts';

const GROUP = 0;
const TARGET = 10_000;

/** Queueing between VMs of these weights, in sweeps with `room` bytes each. */
function queueing(...weights: number[]) {
  const column = Float64Array.from(weights);
  const fair = new FairQueueing(column, 2);
  const tags = (vms: readonly number[], room = 0) => {
    fair.sweep();
    return vms.map((vm) => {
      fair.join(vm, GROUP, room, TARGET);
      fair.refuse(vm, GROUP);
      return fair.tag[vm];
    });
  };
  return { fair, tags, column };
}

describe('fair queueing', () => {
  it('holds nobody back until somebody was refused', () => {
    const { fair } = queueing(1, 1);
    fair.sweep();
    fair.join(0, GROUP, 100, TARGET);
    expect(fair.ceiling[GROUP]).toBe(Infinity);
  });

  it('divides the room by the weights that wait', () => {
    const { fair, tags } = queueing(1, 3);
    tags([0, 1]);
    tags([0, 1], 1000);
    expect(fair.ceiling[GROUP]).toBe(250);
  });

  it('lets nobody lead by more than the targets divided by the weights, and a frame', () => {
    const { fair, tags } = queueing(1, 3);
    tags([0, 1]);
    tags([0, 1]);
    fair.tag[1] = 50_000;
    tags([0, 1]);
    tags([0, 1], 8000);
    expect(fair.ceiling[GROUP]).toBe(TARGET / 4);
  });

  it('lets the least served go even when there is no room to divide', () => {
    const { fair, tags } = queueing(1, 1);
    tags([0, 1]);
    tags([0, 1]);
    fair.tag[0] = 700;
    fair.tag[1] = 500;
    tags([0, 1]);
    tags([0, 1], 0);
    expect(fair.tag[1]).toBeLessThanOrEqual(fair.ceiling[GROUP]);
    expect(fair.tag[0]).toBeGreaterThan(fair.ceiling[GROUP]);
  });

  it('starts a VM that comes back at the floor, and one that never went at most a quantum below', () => {
    const { fair, tags } = queueing(1, 1, 1);
    tags([0, 1, 2]);
    tags([0, 1, 2]);
    fair.tag[0] = 50_000;
    fair.sweep();
    fair.join(0, GROUP, 0, TARGET);
    fair.refuse(0, GROUP);
    fair.join(1, GROUP, 0, TARGET);
    fair.leave(1);
    fair.sweep();
    fair.join(0, GROUP, 0, TARGET);
    for (const vm of [1, 2]) fair.join(vm, GROUP, 0, TARGET);
    expect([...fair.tag]).toEqual([50_000, 40_000, 50_000]);
  });

  it('is not held up by a VM that is no longer offered', () => {
    const { fair, tags } = queueing(1, 1);
    tags([0, 1]);
    tags([0, 1]);
    fair.tag[1] = 9000;
    tags([1]);
    tags([1]);
    expect(fair.tag[1]).toBeLessThanOrEqual(fair.ceiling[GROUP]);
  });

  it('forgets what was served when nobody waited for a sweep', () => {
    const { fair, tags } = queueing(1, 1);
    tags([0, 1]);
    tags([0, 1]);
    fair.tag[0] = 9000;
    fair.sweep();
    expect(tags([0, 1])).toEqual([0, 0]);
  });

  it('keeps groups apart', () => {
    const { fair, tags } = queueing(1, 1);
    tags([0]);
    fair.sweep();
    fair.join(0, 0, 0, TARGET);
    fair.join(1, 1, 0, TARGET);
    expect(fair.ceiling[0]).toBeLessThan(Infinity);
    expect(fair.ceiling[1]).toBe(Infinity);
  });

  it('moves tags back before a double no longer counts in bytes, and nothing else changes', () => {
    const { fair, tags } = queueing(1, 4);
    tags([0, 1]);
    tags([0, 1]);
    fair.tag[0] = 2 ** 52 + 600;
    fair.tag[1] = 2 ** 52;
    tags([0, 1]);
    tags([0, 1], 1000);
    expect([...fair.tag]).toEqual([600, 0]);
    expect(fair.ceiling[GROUP]).toBe(600 / 5 + 1000 / 5);
  });

  it('keeps weights within bounds', () => {
    const { fair, tags } = queueing(0, Number.NaN, Infinity, -3);
    tags([0, 1, 2, 3]);
    expect([...fair.weight]).toEqual([1e-6, 1e-6, 1e15, 1e-6]);
  });
});
