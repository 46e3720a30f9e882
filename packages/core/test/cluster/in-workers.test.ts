import type { Host } from '@fairlead/core';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../given/deadline.ts';
import { macOf, markOf } from '../given/frames.ts';
import { endHost, type Observed, startHost } from '../given/worker-host.ts';

afterEach(endHost);

let cluster = 0;

/** The VM on the second host that is sent to: what it receives says in what order it was sent. */
const THERE = 3;

/**
 * Two hosts with two forwarding workers each. The first runs vm0 to vm2; the other names them the other way round, behind
 * one of its own: so each of them comes to another worker than the one that it leaves.
 */
async function twoHosts(): Promise<[Observed, Observed]> {
  const registry = `workers ${cluster++}`;
  const start = (name: string, vms: readonly number[], starts: readonly number[]): Promise<Observed> =>
    startHost(
      {
        name,
        nics: [{ name: 'nic0', driver: { use: 'memory' } }],
        vms: vms.map((vm) => ({
          name: `vm${vm}`,
          mac: macOf(vm),
          device: { use: 'memory' },
          start: starts.includes(vm),
        })),
        hypervisor: { use: 'simulated', options: { host: `${registry} ${name}` } },
        registry: { use: 'embedded', options: { name: registry }, announceMs: 50 },
        announce: { count: 0 },
      },
      2,
    );
  return [await start('a', [0, 1, 2], [0, 1, 2]), await start('b', [THERE, 2, 1, 0], [THERE])];
}

/** Marks of all that a VM has received, as far as it has not looked yet. */
function received(host: Observed, vm: number): number[] {
  const marks: number[] = [];
  const guest = host.guest(vm);
  for (let one = guest.receive(); one !== undefined; one = guest.receive()) marks.push(markOf(one));
  return marks;
}

const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);
const outbound = (host: Host, vm: number) => host.accounts().find(({ subject }) => subject === `vm vm${vm} outbound`);

describe('a VM that goes from the workers of one host to those of another', () => {
  it.each([0, 1, 2])('takes the frames that wait along, in order, and before what it sends there: vm%i', async (vm) => {
    const [a, b] = await twoHosts();
    a.host.nics.setAdmin('nic0', false);
    expect(a.send(vm, 40, { to: macOf(THERE) })).toBe(40);
    await until(() => a.host.vms.status(`vm${vm}`).backlogFrames === 40, 'all of them wait in its ring');
    const { outboundFrames, state } = await a.host.migrate(`vm${vm}`);
    expect([state, outboundFrames]).toEqual(['done', 40]);
    expect(a.send(vm, 1)).toBe(0); // it is not there any more
    expect(b.send(vm, 1, { to: macOf(THERE), mark: 99 })).toBe(1);
    await until(() => b.guest(THERE).counters.receivedFrames === 41, 'all of them have come');
    expect(received(b, THERE)).toEqual([...range(40), 99]);
    for (const host of [a, b]) await host.close();
    expect(outbound(a.host, vm)).toMatchObject({ accepted: 40, transmitted: 0, dropped: 40 });
    expect(outbound(b.host, vm)).toMatchObject({ accepted: 41, transmitted: 41, dropped: 0 });
    expect([...a.faults, ...b.faults, ...a.losses, ...b.losses]).toEqual([]);
  });

  it('receives there what it had not received here', async () => {
    const [a, b] = await twoHosts();
    await a.host.vms.suspend('vm2');
    expect(a.send(0, 10, { to: macOf(2) })).toBe(10);
    expect(a.send(1, 0)).toBe(0);
    await until(
      () => a.host.vms.status('vm0').transmittedFrames + a.host.vms.status('vm2').rxFrames >= 10,
      'they wait',
    );
    const { inboundFrames } = await a.host.migrate('vm2');
    expect(inboundFrames).toBe(10);
    await b.host.vms.resume('vm2');
    await until(() => b.guest(2).counters.receivedFrames === 10, 'it has received them');
    expect(received(b, 2)).toEqual(range(10));
    for (const host of [a, b]) await host.close();
  });

  it('leaves in the midst of what it sends: each frame is sent once, here or there', async () => {
    const [a, b] = await twoHosts();
    let sent = 0;
    const gone = a.host.migrate('vm1');
    while (a.host.vms.status('vm1').state === 'running') {
      sent += a.send(1, 20);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { outboundFrames } = await gone;
    const there = b.send(1, 20);
    expect(there).toBe(20);
    await b.untilTransmitted(1, 20 + outboundFrames);
    for (const host of [a, b]) await host.close();
    const [here, beyond] = [outbound(a.host, 1), outbound(b.host, 1)];
    expect(here).toMatchObject({ accepted: sent, dropped: outboundFrames });
    expect(beyond).toMatchObject({ accepted: 20 + outboundFrames, transmitted: 20 + outboundFrames, dropped: 0 });
  });

  it('is a stranger there: what its neighbour sends to it leaves by the NIC; until it is back', async () => {
    const [a, b] = await twoHosts();
    await a.host.migrate('vm1');
    expect(a.send(0, 5, { to: macOf(1) })).toBe(5);
    await a.untilTransmitted(0, 5);
    await until(() => a.host.nics.status('nic0').txFrames === 5, 'they have left by the NIC');
    await b.host.migrate('vm1', { to: 'a' });
    expect(a.send(0, 5, { to: macOf(1), mark: 7 })).toBe(5);
    await until(() => a.guest(1).counters.receivedFrames === 5, 'its neighbour reaches it at home');
    expect(received(a, 1)).toEqual([7, 7, 7, 7, 7]);
    for (const host of [a, b]) await host.close();
    expect(a.host.nics.status('nic0').txFrames).toBe(5);
  });
});
