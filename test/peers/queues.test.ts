import shapingFilter from '@fairlead/admission-shaping-filter';
import { type Host, use } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { frames, numberOf, upTo } from '../requirements/support/frames.ts';
import { BYTE_PER_US, guest, MAC, settle, simulatedHost, started, takeSent } from '../requirements/support/hosts.ts';
import { policed } from './support/drops.ts';

const LIMIT = 32;
/** 32 of them are the 30 kB of the case; one goes each 937 µs. */
const FRAME_BYTES = 937;

/**
 * A VM under a shaper, of whose frames 32 may wait; its ring holds twice as many. The first frame has gone.
 * A VM that waits is looked at again when a frame conforms, or after 100 ms.
 */
async function shaped(averageBps = BYTE_PER_US): Promise<{ host: Host; send: (count: number) => number }> {
  const options = { averageBps, burstBytes: FRAME_BYTES, queueFrames: LIMIT };
  const builder = simulatedHost([1e9], { a: {} }).memory({ txRingFrames: 2 * LIMIT });
  const host = await started(builder.admit(use(shapingFilter, options)));
  let number = 0;
  const send = (count: number): number => {
    const sent = guest(host, 'a').sendAll(frames(count, MAC.a, { number, bytes: FRAME_BYTES }));
    number += sent;
    return sent;
  };
  send(1);
  settle(host);
  takeSent(host);
  return { host, send };
}

/** Frames that wait in the ring. */
function waiting(host: Host): number {
  const { acceptedFrames, transmittedFrames } = host.vms.status('a');
  return acceptedFrames - transmittedFrames - policed(host, 'a');
}

describe('case 36: Linux sch_red with a limit of 30 kB; what it marks for ECN is dropped early, since a policy writes no frame', () => {
  it('case 36: a backlog of two thirds of the limit loses nothing', async () => {
    const { host, send } = await shaped();
    for (let round = 0; round < 50; round++) {
      send(21 - waiting(host));
      host.run(1100);
      expect(waiting(host)).toBeGreaterThan(18);
    }
    expect(policed(host, 'a')).toBe(0);
    host.assertConserved();
  });

  it('case 36: filled up to three halves of the limit again and again, at least 95% of what is over the rate is dropped early, the oldest first', async () => {
    const { host, send } = await shaped();
    let offered = 1;
    for (let round = 0; round < 50; round++) {
      offered += send(48 - waiting(host));
      host.run(1100);
      expect(waiting(host)).toBeLessThanOrEqual(LIMIT);
    }
    const over = offered - host.vms.status('a').transmittedFrames - LIMIT;
    expect(over).toBeGreaterThan(700);
    expect(policed(host, 'a')).toBeGreaterThanOrEqual(0.95 * over);
    takeSent(host);
    const last = waiting(host);
    expect(last).toBeGreaterThan(LIMIT - 3);
    host.run(1e6);
    expect(takeSent(host)[0]?.map(numberOf)).toEqual(upTo(offered).slice(-last));
    host.assertConserved();
  });

  it('case 36: at twice the limit the ring is full, and the VM is refused', async () => {
    const { host, send } = await shaped();
    expect([send(2 * LIMIT), send(1)]).toEqual([2 * LIMIT, 0]);
    settle(host);
    expect([policed(host, 'a'), send(LIMIT), send(1)]).toEqual([LIMIT, LIMIT, 0]);
    host.assertConserved();
  });

  it('case 36: of 100 early drops all 100 are seen in the accounts of the VM', async () => {
    const { host, send } = await shaped(80);
    send(LIMIT);
    settle(host);
    for (let round = 1; round <= 10; round++) {
      send(10);
      host.run(101_000);
      expect(policed(host, 'a')).toBe(round * 10);
    }
    const account = host.accounts().find(({ subject }) => subject === 'vm a outbound');
    expect(account).toMatchObject({ accepted: 133, transmitted: 1, queued: LIMIT, dropped: 100, missing: 0 });
    host.assertConserved();
  });
});
