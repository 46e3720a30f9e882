import { conformanceLaws, testBatch, testNics, testVms } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import plugin, { OriginatingPort } from '../src/index.ts';

/** NIC of each VM whose virtual NIC has the given number. */
function spread(ports: readonly number[], ...available: number[]): number[] {
  const nics = testNics([1e9, 1e9, 1e9]);
  const vms = testVms(ports.map(() => ({})));
  for (const [vm, port] of ports.entries()) vms.vnic[vm] = port;
  nics.setAvailable(...available);
  const policy = new OriginatingPort(nics, vms);
  return ports.map((_, vm) => {
    const batch = testBatch([64, 1500], { vm });
    policy.select(batch);
    expect(batch.nic[1]).toBe(batch.nic[0]);
    return batch.nic[0] as number;
  });
}

describe('originating-port', () => {
  it('deals the virtual NICs out over the NICs that serve', () => {
    expect(spread([0, 1, 2, 3, 4, 5], 0, 1, 2)).toEqual([0, 1, 2, 0, 1, 2]);
    expect(spread([0, 1, 2, 3], 0, 2)).toEqual([0, 2, 0, 2]);
  });

  it('keeps the VMs behind one shared port together', () => {
    expect(spread([1, 1, 1, 2], 0, 1, 2)).toEqual([1, 1, 1, 2]);
  });

  it.each(conformanceLaws(plugin))('$name', ({ check }) => expect(check).not.toThrow());
});
