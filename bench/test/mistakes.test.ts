import { testBatch, testNics } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import { KERNELS } from '../src/mistakes.ts';

describe('the kernels that are compared', () => {
  const expected = [3, 0, 1, 2, 1, 0, 2, 2];

  it.each(Object.entries(KERNELS).filter(([name]) => name !== 'throw per batch'))(
    'choose the same NICs: %s',
    (_, make) => {
      const nics = testNics([1e9, 1e9, 1e9, 1e9]);
      nics.pendingBytes.set([100, 200, 300, 0]);
      const batch = testBatch([1514, 900, 300, 800, 700, 900, 64, 64]);
      make(nics)(batch);
      expect([...batch.nic.subarray(0, batch.count)]).toEqual(expected);
    },
  );
});
