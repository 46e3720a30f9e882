import { conformanceLaws } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import memory, { type MemoryGuest } from '../src/index.ts';

const laws = conformanceLaws(memory, {
  options: [
    {},
    { traffic: { rateBps: '1Gbps', frameBytes: 60 } },
    { traffic: { pattern: 'poisson', rateBps: '10Mbps', waitingFrames: 0 } },
    { traffic: { pattern: 'on-off', onUs: 100, offUs: 900 } },
  ],
  guest: () => {
    const received: Uint8Array[] = [];
    return {
      send: (guest, frames) => (guest as MemoryGuest).sendAll(frames),
      received: (guest) => {
        for (let frame = take(guest); frame !== undefined; frame = take(guest)) received.push(frame);
        return received;
      },
    };
  },
});

function take(guest: unknown): Uint8Array | undefined {
  return (guest as MemoryGuest).receive();
}

describe('the simulated guest', () => {
  it.each(laws)('$name', async ({ check }) => {
    await expect(Promise.resolve(check())).resolves.toBeUndefined();
  });
});
