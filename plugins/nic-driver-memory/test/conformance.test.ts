import { conformanceLaws } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import memory, { type MemoryNic } from '../src/index.ts';

const kept = { wireFrames: 256, keep: true };

const laws = conformanceLaws(memory, {
  options: [
    kept,
    { ...kept, speedBps: '10Mbps', latencyUs: '3ms', overheadBytes: 24 },
    { ...kept, speedBps: '100Gbps' },
  ],
  network: (arriving) => ({
    deliver: (nic) => {
      for (const frame of arriving) (nic as MemoryNic).deliver(frame);
    },
    sent: (nic) => (nic as MemoryNic).takeTransmitted(),
  }),
});

describe('the simulated NIC', () => {
  it.each(laws)('$name', async ({ check }) => {
    await expect(Promise.resolve(check())).resolves.toBeUndefined();
  });
});
