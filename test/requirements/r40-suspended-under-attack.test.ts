import { type Host, use } from '@fairlead/core';
import suspend from '@fairlead/responder-suspend';
import { describe, expect, it } from 'vitest';
import { done, NOTICED_MS, Traffic, USUAL, watched } from './support/attack.ts';
import { sourceOf } from './support/frames.ts';
import { BYTE_PER_US, MAC, runWithResponders, simulatedHost, started, takeSent } from './support/hosts.ts';

/** One NIC for a and b, which takes ten frames a millisecond. */
async function given(answered: boolean): Promise<{ host: Host; traffic: Traffic }> {
  const builder = watched(simulatedHost([BYTE_PER_US], { a: {}, b: {} }).memory({ nicRingFrames: 64 }));
  const host = await started(
    answered ? builder.onSignal('attack', [use(suspend)], { ttlMs: '500ms', whileSignalled: false }) : builder,
  );
  const traffic = new Traffic(host);
  await traffic.pass(300);
  return { host, traffic };
}

/** Frames of VM b that reach the wire within a time. */
async function sentByB({ host, traffic }: { host: Host; traffic: Traffic }, ms: number): Promise<number> {
  takeSent(host);
  await traffic.pass(ms, { outbound: 40 });
  return takeSent(host)
    .flat()
    .filter((one) => sourceOf(one) === MAC.b).length;
}

describe('requirement 40: traffic is watched for a denial-of-service attack; on a sign of one, VMs are suspended to shield the others', () => {
  it('the VM that floods is suspended, its neighbour has what it had before, and at the end the VM runs on', async () => {
    const shielded = await given(true);
    const { host, traffic } = shielded;
    await traffic.pass(NOTICED_MS, { outbound: 40 });
    expect(done(host)).toEqual(['suspend a']);
    expect(host.vms.list().map(({ state }) => state)).toEqual(['suspended', 'running']);
    await traffic.pass(50, { outbound: 40 }); // what the NIC had been given before
    expect(await sentByB(shielded, 100)).toBe(100 * USUAL);
    expect(host.nics.status('nic0').pendingBytes).toBeLessThan(1000);
    await runWithResponders(host, 500);
    expect(host.vms.status('a').state).toBe('running');
    host.assertConserved();
  });

  it('without an answer its neighbour waits behind the flood', async () => {
    const exposed = await given(false);
    await exposed.traffic.pass(NOTICED_MS + 50, { outbound: 40 });
    // A byte takes a microsecond: what VM b sends now waits for more than 5 ms.
    expect(exposed.host.nics.status('nic0').pendingBytes).toBeGreaterThan(5000);
    expect(done(exposed.host)).toEqual([]);
    exposed.host.assertConserved();
  });

  it('no VM under its threshold is touched', async () => {
    const { host, traffic } = await given(true);
    await traffic.pass(500, { outbound: USUAL + 1, inbound: USUAL + 1 });
    expect(done(host)).toEqual([]);
  });
});
