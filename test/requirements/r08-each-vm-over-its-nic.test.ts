import { type Host, use } from '@fairlead/core';
import vmAffinity from '@fairlead/load-distribution-vm-affinity';
import { describe, expect, it } from 'vitest';
import { frames, sourceOf } from './support/frames.ts';
import { guest, MAC, nic, simulatedHost, started, takeSent } from './support/hosts.ts';

const FRAMES = 100;
const LINK_POLL_US = 10_000;

describe('requirement 8: VM A goes over NIC 1 and VM B over NIC 2, each over the other when its own fails', () => {
  /** Sends from both VMs and counts, on the wires, the frames of each VM on each NIC. */
  function count(host: Host): Record<string, Record<string, number>> {
    takeSent(host);
    guest(host, 'a').sendAll(frames(FRAMES, MAC.a));
    guest(host, 'b').sendAll(frames(FRAMES, MAC.b));
    host.run(LINK_POLL_US);
    const [first, second] = takeSent(host).map((seen) => {
      const ofA = seen.filter((one) => sourceOf(one) === MAC.a).length;
      return { a: ofA, b: seen.length - ofA };
    });
    return { nic0: first, nic1: second };
  }

  const separate = { nic0: { a: FRAMES, b: 0 }, nic1: { a: 0, b: FRAMES } };

  it.each([
    { way: 'loses its link', set: (host: Host, name: string, up: boolean) => nic(host, name).setLink(up) },
    { way: 'is disabled', set: (host: Host, name: string, up: boolean) => host.nics.setAdmin(name, up) },
  ])('counted on the wires while both are up, while each $way, and after', async ({ set }) => {
    const host = await started(
      simulatedHost([1e9, 1e9], { a: {}, b: {} }).distribute(use(vmAffinity, { pins: { a: 'nic0', b: 'nic1' } })),
    );
    const change = (name: string, up: boolean): void => {
      set(host, name, up);
      host.run(LINK_POLL_US);
    };
    expect(count(host)).toEqual(separate);

    change('nic0', false);
    expect(count(host)).toEqual({ nic0: { a: 0, b: 0 }, nic1: { a: FRAMES, b: FRAMES } });
    change('nic0', true);
    expect(count(host)).toEqual(separate);

    change('nic1', false);
    expect(count(host)).toEqual({ nic0: { a: FRAMES, b: FRAMES }, nic1: { a: 0, b: 0 } });
    change('nic1', true);
    expect(count(host)).toEqual(separate);
    host.assertConserved();
  });
});
