import proportionalShare from '@fairlead/admission-proportional-share';
import shapingFilter from '@fairlead/admission-shaping-filter';
import type { Host } from '@fairlead/core';
import { use } from '@fairlead/core';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import { describe, expect, it } from 'vitest';
import { frame, frames } from './support/frames.ts';
import {
  BYTE_PER_US,
  bytesGiven,
  chosenNic,
  enableOnly,
  given,
  guest,
  MAC,
  settle,
  simulatedHost,
  started,
} from './support/hosts.ts';

const FRAME_BYTES = 1000;

describe('requirement 1: whether a frame goes, and over which NIC, is decided on the state of NICs and VMs', () => {
  /** Loads one of two NICs, and decides on one and the same frame of VM a. */
  async function decide(loaded: 'nic0' | 'nic1', allocation: 'enough' | 'used up'): Promise<string> {
    const host = await started(
      simulatedHost([BYTE_PER_US, BYTE_PER_US], {
        a: { bandwidth: { limitBps: BYTE_PER_US, burstBytes: FRAME_BYTES } },
        b: {},
      })
        .admit(use(shapingFilter))
        .distribute(use(pendingLoad)),
    );
    if (allocation === 'used up') {
      guest(host, 'a').send(frame(MAC.a, { bytes: FRAME_BYTES }));
      host.run(900, 100); // the bucket lacks 100 bytes
    }
    enableOnly(host, [loaded]);
    guest(host, 'b').sendAll(frames(20, MAC.b));
    settle(host);
    enableOnly(host, ['nic0', 'nic1']);

    const offer = (): unknown => guest(host, 'a').send(frame(MAC.a, { bytes: FRAME_BYTES }));
    const now = chosenNic(host, offer);
    const later = now === 'none' ? chosenNic(host, () => host.run(1000)) : '';
    settle(host);
    host.run(100_000);
    host.assertConserved();
    expect(host.vms.status('a').backlogFrames).toBe(0);
    return now === 'none' ? `later over ${later}` : `now over ${now}`;
  }

  it('one frame has four fates, under two states of the NICs and two of the VM', async () => {
    expect(await decide('nic1', 'enough')).toBe('now over nic0');
    expect(await decide('nic0', 'enough')).toBe('now over nic1');
    expect(await decide('nic1', 'used up')).toBe('later over nic0');
    expect(await decide('nic0', 'used up')).toBe('later over nic1');
  });

  it('whether it goes depends on both: a NIC without room holds it back, and so does a VM at its limit', async () => {
    const outcomes: Record<string, string> = {};
    for (const nics of ['idle', 'full'] as const) {
      for (const vm of ['below its limit', 'at its limit'] as const) {
        const host = await contended();
        if (nics === 'full') fill(host);
        if (vm === 'at its limit') host.resources.setAllocation('a', { limitBps: 1, burstBytes: 1 });
        guest(host, 'a').sendAll(frames(2, MAC.a));
        const before = host.vms.status('a').transmittedFrames;
        settle(host);
        const went = host.vms.status('a').transmittedFrames - before;
        outcomes[`NICs ${nics}, VM ${vm}`] = `${went} of 2`;
        host.assertConserved();
      }
    }
    expect(outcomes).toEqual({
      'NICs idle, VM below its limit': '2 of 2',
      // A bucket that is full lets one frame go, however small the bucket.
      'NICs idle, VM at its limit': '1 of 2',
      'NICs full, VM below its limit': '0 of 2',
      'NICs full, VM at its limit': '0 of 2',
    });
  });

  it('over which NIC depends on both: on the speeds of the NICs and on the priority of the VM', async () => {
    const outcomes: Record<string, string> = {};
    for (const speedsBps of [
      [2e9, 1e9],
      [1e9, 2e9],
    ]) {
      for (const priority of [0, 2]) {
        const host = await started(
          simulatedHost(speedsBps, { a: { bandwidth: { priority } }, b: { bandwidth: { priority: 1 } } }).distribute(
            use(pendingLoad, { priority: true }),
          ),
        );
        guest(host, 'b').send(frame(MAC.b));
        settle(host);
        host.run(1000);
        const chosen = chosenNic(host, () => guest(host, 'a').send(frame(MAC.a)));
        outcomes[`nic${speedsBps.indexOf(2e9)} faster, priority ${priority}`] = chosen;
        host.assertConserved();
      }
    }
    expect(outcomes).toEqual({
      'nic0 faster, priority 0': 'nic1',
      'nic0 faster, priority 2': 'nic0',
      'nic1 faster, priority 0': 'nic0',
      'nic1 faster, priority 2': 'nic1',
    });
  });
});

function contended(): Promise<Host> {
  return started(
    simulatedHost([BYTE_PER_US, BYTE_PER_US], { a: {}, b: {} })
      .admit(use(proportionalShare))
      .distribute(use(pendingLoad)),
  );
}

/** Has VM b wait for room on the NICs, and checks that it does. */
function fill(host: Host): void {
  guest(host, 'b').sendAll(frames(100, MAC.b));
  settle(host);
  expect(host.vms.status('b').backlogFrames).toBeGreaterThan(50);
  expect(given(host, () => undefined)).toEqual({});
  expect(bytesGiven(host).every((bytes) => bytes > 0)).toBe(true);
}
