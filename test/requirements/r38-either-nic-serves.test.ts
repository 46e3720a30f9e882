import { type Host, type HostBuilder, use } from '@fairlead/core';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import roundRobin from '@fairlead/load-distribution-round-robin';
import vmAffinity from '@fairlead/load-distribution-vm-affinity';
import { describe, expect, it } from 'vitest';
import { frames, numberOf, upTo } from './support/frames.ts';
import { BYTE_PER_US, guest, MAC, nic, simulatedHost, started } from './support/hosts.ts';

const LATENCY_US = 5000;
const LINK_POLL_US = 10_000;
const FRAMES = 120;

const DISTRIBUTIONS: Record<string, (builder: HostBuilder) => HostBuilder> = {
  'round-robin': (builder) => builder.distribute(use(roundRobin)),
  'pending-load': (builder) => builder.distribute(use(pendingLoad)),
  'vm-affinity': (builder) => builder.distribute(use(vmAffinity, { pins: { a: 'nic0', b: 'nic1' } })),
};

const byValue = (x: number, y: number): number => x - y;

describe('requirement 38: either NIC serves when the other is not available', () => {
  const cases = Object.keys(DISTRIBUTIONS).flatMap((name) => [0, 1].map((failing) => ({ name, failing })));

  it.each(cases)('$name: when nic$failing fails no frame is lost but those on its wire', async ({ name, failing }) => {
    const host = await started(DISTRIBUTIONS[name](simulatedHost([BYTE_PER_US, BYTE_PER_US], { a: {}, b: {} })));
    const failed = nic(host, `nic${failing}`);
    const other = nic(host, `nic${1 - failing}`);
    for (const one of [failed, other]) one.setLatency(LATENCY_US);

    sendFromBoth(host, 0);
    host.run(20_500);
    failed.setLink(false);
    const arrived = failed.takeTransmitted(host.nowUs).map(numberOf);
    const onTheWire = failed.takeTransmitted().map(numberOf);
    // Of what the NIC had begun to send, what left in the last 5 ms: a frame a millisecond.
    expect(onTheWire).toHaveLength(6);
    expect(arrived.length).toBeGreaterThan(10);
    // Frames are sent on while the host does not know yet; then what waits on the failed NIC is taken back.
    sendFromBoth(host, FRAMES);
    host.run(LINK_POLL_US);
    expect(host.nics.status(`nic${failing}`)).toMatchObject({ state: 'down', pendingBytes: 0, failover: false });

    host.run(3e6);
    const byTheOther = other.takeTransmitted().map(numberOf);
    expect(failed.takeTransmitted()).toEqual([]);
    expect([...arrived, ...onTheWire, ...byTheOther].sort(byValue)).toEqual(upTo(4 * FRAMES));
    expect(host.vms.list().map((vm) => vm.backlogFrames)).toEqual([0, 0]);

    // It comes back, and serves again; now the other one fails.
    failed.setLink(true);
    host.run(LINK_POLL_US);
    other.setLink(false);
    host.run(LINK_POLL_US);
    sendFromBoth(host, 0);
    host.run(3e6);
    expect(failed.takeTransmitted().map(numberOf).sort(byValue)).toEqual(upTo(2 * FRAMES));
    expect(other.takeTransmitted()).toEqual([]);
    host.assertConserved();
  });

  it('with neither, frames wait and are sent when one returns', async () => {
    const host = await started(simulatedHost([1e9, 1e9], { a: {}, b: {} }).distribute(use(roundRobin)));
    for (const name of ['nic0', 'nic1']) nic(host, name).setLink(false);
    host.run(LINK_POLL_US);
    sendFromBoth(host, 0);
    host.run(50_000);
    expect(host.vms.list().map((vm) => vm.backlogFrames)).toEqual([FRAMES, FRAMES]);
    host.assertConserved();
    nic(host, 'nic1').setLink(true);
    host.run(50_000);
    expect(nic(host, 'nic1').takeTransmitted().map(numberOf).sort(byValue)).toEqual(upTo(2 * FRAMES));
    host.assertConserved();
  });
});

/** From each VM `FRAMES` frames, numbered on from `from` twice over. */
function sendFromBoth(host: Host, from: number): void {
  expect(guest(host, 'a').sendAll(frames(FRAMES, MAC.a, { number: 2 * from }))).toBe(FRAMES);
  expect(guest(host, 'b').sendAll(frames(FRAMES, MAC.b, { number: 2 * from + FRAMES }))).toBe(FRAMES);
}
