import { type Host, use } from '@fairlead/core';
import roundRobin from '@fairlead/load-distribution-round-robin';
import failover from '@fairlead/responder-failover';
import { describe, expect, it } from 'vitest';
import { done, FLOOD, NOTICED_MS, Traffic, watched } from './support/attack.ts';
import { numberOf, sourceOf } from './support/frames.ts';
import { MAC, nic, simulatedHost, started } from './support/hosts.ts';

/** Two sets of two NICs; on the sign of an attack the second one carries the VM. */
async function given(): Promise<Host> {
  return started(
    watched(simulatedHost([1e9, 1e9, 1e9, 1e9], { a: { team: 'first' }, b: { team: 'first' } }))
      .team('first', { active: ['nic0', 'nic1'] })
      .team('second', { active: ['nic2', 'nic3'] })
      .distribute(use(roundRobin))
      .announce({ count: 1 })
      .onSignal('attack', [use(failover, { to: 'second' })]),
  );
}

/** Numbers of the frames of a VM that each NIC has put on its wire since this was last asked. */
const sentOver = (host: Host, vm: 'a' | 'b'): number[][] =>
  host.nics.list().map(({ name }) =>
    nic(host, name)
      .takeTransmitted()
      .filter((one) => sourceOf(one) === MAC[vm] && one.length === 100)
      .map(numberOf),
  );

describe('requirement 48: the defence fails over from one set of NICs to another', () => {
  it('the VM goes over the second set while the sign lasts, over the first again after, and loses nothing', async () => {
    const host = await given();
    const traffic = new Traffic(host);
    await traffic.pass(300);
    const [before0, before1, ...none] = sentOver(host, 'a');
    expect([none, (before0?.length ?? 0) + (before1?.length ?? 0)]).toEqual([[[], []], 600]);

    await traffic.pass(NOTICED_MS, { inbound: FLOOD });
    expect(done(host)).toEqual(['failover a']);
    expect(host.teams.status('second').vms).toEqual(['a']);
    const during = sentOver(host, 'a');
    await traffic.pass(10, { inbound: FLOOD });
    const onlySecond = sentOver(host, 'a');
    expect(onlySecond.map((numbers) => numbers.length)).toEqual([0, 0, 10, 10]);

    await traffic.pass(200);
    expect(host.signals.actions()).toEqual([]);
    const after = sentOver(host, 'a');
    await traffic.pass(10);
    expect(sentOver(host, 'a').map((numbers) => numbers.length)).toEqual([10, 10, 0, 0]);

    const all = [...during, ...onlySecond, ...after].flat().sort((one, other) => one - other);
    expect(all).toEqual(Array.from({ length: (NOTICED_MS + 210) * 2 }, (_, i) => 600 + i));
    expect(traffic.got.a.length).toBe(traffic.sentUs.length);
    host.assertConserved();
  });

  it('its neighbour stays where it is', async () => {
    const host = await given();
    const traffic = new Traffic(host);
    await traffic.pass(300);
    await traffic.pass(NOTICED_MS + 10, { inbound: FLOOD });
    expect(sentOver(host, 'b').map((numbers) => numbers.length > 0)).toEqual([true, true, false, false]);
    expect(host.teams.status('first').vms).toEqual(['b']);
  });
});
