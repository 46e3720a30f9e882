import { type Host, type HostBuilder, use } from '@fairlead/core';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import roundRobin from '@fairlead/load-distribution-round-robin';
import vmAffinity from '@fairlead/load-distribution-vm-affinity';
import { describe, expect, it } from 'vitest';
import { frames } from './support/frames.ts';
import { bytesGiven, guest, MAC, nic, settle, simulatedHost, started } from './support/hosts.ts';

const DISTRIBUTIONS: Record<string, (builder: HostBuilder) => HostBuilder> = {
  'round-robin': (builder) => builder.distribute(use(roundRobin)),
  'pending-load': (builder) => builder.distribute(use(pendingLoad)),
  'vm-affinity': (builder) => builder.distribute(use(vmAffinity, { pins: { a: 'nic0', b: 'nic1', c: 'nic2' } })),
};

const WAYS: Record<string, { down: (host: Host) => void; up: (host: Host) => void }> = {
  'by the operator': {
    down: (host) => host.nics.setAdmin('nic1', false),
    up: (host) => host.nics.setAdmin('nic1', true),
  },
  'as its link is lost': {
    down: (host) => nic(host, 'nic1').setLink(false),
    up: (host) => nic(host, 'nic1').setLink(true),
  },
};

const LINK_POLL_US = 10_000;

describe('requirement 5: the state of the NICs says which of them are available', () => {
  const cases = Object.keys(DISTRIBUTIONS).flatMap((name) => Object.keys(WAYS).map((way) => ({ name, way })));

  it.each(cases)('$name never selects a NIC that was taken down $way', async ({ name, way }) => {
    const host = await started(DISTRIBUTIONS[name](simulatedHost([1e9, 1e9, 1e9], { a: {}, b: {}, c: {} })));
    const sendFromAll = (): number[] => {
      const before = bytesGiven(host);
      for (const vm of ['a', 'b', 'c'] as const) guest(host, vm).sendAll(frames(100, MAC[vm]));
      settle(host);
      host.run(LINK_POLL_US);
      return bytesGiven(host).map((bytes, i) => (bytes - before[i]) / 1000);
    };
    const available = (): string[] => host.nics.list().flatMap((status) => (status.available ? [status.name] : []));

    expect(available()).toEqual(['nic0', 'nic1', 'nic2']);
    const all = sendFromAll();
    expect(all.every((count) => count > 0)).toBe(true);
    expect(all.reduce((sum, count) => sum + count)).toBe(300);

    WAYS[way].down(host);
    host.run(LINK_POLL_US);
    expect(available()).toEqual(['nic0', 'nic2']);
    expect(host.nics.status('nic1').state).toBe('down');
    const [first, second, third] = sendFromAll();
    expect({ second, others: first + third }).toEqual({ second: 0, others: 300 });

    WAYS[way].up(host);
    host.run(LINK_POLL_US);
    expect(available()).toEqual(['nic0', 'nic1', 'nic2']);
    expect(sendFromAll()[1]).toBeGreaterThan(0);
    host.assertConserved();
  });
});
