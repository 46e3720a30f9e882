import { conformanceLaws, testBatch, testNics } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import plugin, { ActiveBackup } from '../src/index.ts';

function chosen(nics: ReturnType<typeof testNics>, frames: number): number[] {
  const batch = testBatch(Array<number>(frames).fill(64));
  new ActiveBackup(nics).select(batch);
  return [...batch.nic.subarray(0, frames)];
}

describe('active-backup', () => {
  it('puts every frame on the NIC that the team prefers, whichever that is', () => {
    const nics = testNics([1e9, 1e9, 1e9]);
    expect(chosen(nics, 3)).toEqual([0, 0, 0]);
    nics.setPreferred(2);
    expect(chosen(nics, 3)).toEqual([2, 2, 2]);
    nics.setAvailable(1);
    expect(chosen(nics, 2)).toEqual([1, 1]);
  });

  it('takes no notice of what is pending', () => {
    const nics = testNics([1e9, 1e9]);
    nics.pendingBytes[0] = 1e9;
    expect(chosen(nics, 1)).toEqual([0]);
  });

  it.each(conformanceLaws(plugin))('$name', ({ check }) => expect(check).not.toThrow());
});
