import { afterEach, describe, expect, it } from 'vitest';
import type { Host } from '../../src/host.ts';
import { frame, macOf, markOf } from '../given/frames.ts';
import { guestOf, memoryVm, nicOf } from '../given/inline-host.ts';
import { hold, powerHost } from '../given/powers.ts';

let host: Host | undefined;
afterEach(async () => {
  await host?.close();
  host = undefined;
});

/** What vm0 receives waits for so long while a signal holds. */
async function given(delayUs: number, rxRingFrames = 256): Promise<Host> {
  host = await powerHost([(c) => c.delayInterrupts(0, delayUs)], {
    vms: [0, 1].map((vm) => memoryVm(vm, { team: 'home', device: { use: 'memory', options: { keepReceived: 1e4 } } })),
    memory: { poolFrames: 4096, rxRingFrames },
  });
  return host;
}

const deliver = (running: Host, vm: number, mark: number): void => {
  nicOf(running, 'nic0').deliver(frame({ from: macOf(9), to: macOf(vm), mark }));
};

/** Steps through `forUs`, and says when each frame came to a VM. */
function arrivals(running: Host, vm: number, forUs: number): [mark: number, atUs: number][] {
  const seen: [number, number][] = [];
  for (let us = 0; us < forUs; us += 50) {
    running.run(50);
    const guest = guestOf(running, `vm${vm}`);
    for (let one = guest.receive(); one !== undefined; one = guest.receive()) seen.push([markOf(one), running.nowUs]);
  }
  return seen;
}

describe('a VM whose interrupts are delayed', () => {
  it('receives each frame exactly so much later, in order, and another VM at once', async () => {
    const running = await given(2000);
    await hold(running);
    const sentUs: number[] = [];
    const seen: [number, number][] = [];
    for (let mark = 0; mark < 100; mark++) {
      sentUs.push(running.nowUs);
      deliver(running, 0, mark);
      deliver(running, 1, mark);
      seen.push(...arrivals(running, 0, 50 * (1 + (mark % 7))));
    }
    seen.push(...arrivals(running, 0, 3000));
    expect(seen.map(([mark]) => mark)).toEqual(sentUs.map((_, mark) => mark));
    expect(new Set(seen.map(([mark, atUs]) => atUs - (sentUs[mark] as number)))).toEqual(new Set([2000]));
    expect(running.arena.vms.rxDelayUs[0]).toBe(2000);
    deliver(running, 1, 1000);
    const before = running.nowUs;
    expect(arrivals(running, 1, 3000).at(-1)).toEqual([1000, before + 50]);
    running.assertConserved();
  });

  it('is told of what waits, in order and at once, when the delay is lifted', async () => {
    const running = await given(20_000_000);
    await hold(running);
    for (let mark = 0; mark < 50; mark++) deliver(running, 0, mark);
    expect(arrivals(running, 0, 100_000)).toEqual([]);
    await hold(running, false);
    const seen = arrivals(running, 0, 50);
    expect(seen.map(([mark]) => mark)).toEqual(Array.from({ length: 50 }, (_, mark) => mark));
    expect(running.arena.vms.rxDelayUs[0]).toBe(0);
  });

  it('loses what its ring has no room for, counted as ever, and nothing else', async () => {
    const running = await given(50_000, 16);
    await hold(running);
    for (let mark = 0; mark < 40; mark++) {
      deliver(running, 0, mark);
      running.run(50);
    }
    const seen = arrivals(running, 0, 60_000);
    expect(seen.map(([mark]) => mark)).toEqual(Array.from({ length: 16 }, (_, mark) => mark));
    const { rxFrames, rxDropped, rxTakenFrames } = running.arena.vms;
    const ringFull = 5;
    expect([rxFrames[0], rxDropped[ringFull], rxTakenFrames[0]]).toEqual([16, 24, 16]);
    running.assertConserved();
  });
});
