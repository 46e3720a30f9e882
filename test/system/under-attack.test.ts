import { setTimeout as pause } from 'node:timers/promises';
import type { ActionRecord } from '@fairlead/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ByteWatch } from './support/byte-watch.ts';
import { until } from './support/deadline.ts';
import { type Flood, startFlood } from './support/flood.ts';
import { counted, interfaceCounters } from './support/interface-counters.ts';
import { requireParts } from './support/parts.ts';
import { pings, quantile, rttsBetween } from './support/pings.ts';
import { serveTransfers, transfer } from './support/transfer.ts';
import { PEER } from './support/two-host-network.ts';
import { TwoHosts } from './support/two-hosts.ts';

const A = { name: 'a', mac: '52:54:00:00:02:0a', address: '10.77.0.21', host: 0 } as const;
const B = { name: 'b', mac: '52:54:00:00:02:0b', address: '10.77.0.22', host: 0 } as const;
const C = { name: 'c', mac: '52:54:00:00:02:0c', address: '10.77.0.23', host: 1 } as const;

/** Longer than the suspension, however long the signal takes on a busy machine. */
const FLOOD = { kind: 'syn', port: 5201, framesPerSecond: 20_000, seconds: 15 } as const;
const SUSPENDED_MS = 5_000;
const BASELINE_MS = 2_500;
/** How long the neighbour is watched: until the suspension is over. */
const WATCH_S = 22;
const NEIGHBOUR_BPS = 10e6;

const parts = requireParts('responders on real guests', [
  ...(['root', 'namespaces', 'ip', 'ethtool', 'iperf3', 'ping', 'setpriv'] as const),
  ...(['qemu-system-x86_64', 'guest-image'] as const),
]);

const figures = (text: string): void => void process.stdout.write(`${text}\n`);

describe.skipIf(parts.skip)('two hosts under attack, with Linux guests', () => {
  let hosts: TwoHosts;

  beforeAll(async () => {
    hosts = await TwoHosts.open([A, B, C]);
    await hosts.run(({ host, qmp }) => ({
      distribution: {
        use: 'vm-affinity',
        options: { pins: host === 0 ? { a: 'uplink0', b: 'uplink1' } : { c: 'uplink0' } },
      },
      hypervisor: { use: 'qemu', options: { socket: qmp, startMs: '90s' }, budget: { controlMs: '100s' } },
      detectors: [{ use: 'syn-flood', options: { floorSyns: 500 }, windowMs: 250 }],
      signals:
        host === 0
          ? [{ on: 'attack', allow: ['b'], ttlMs: SUSPENDED_MS, coolDownMs: '60s', responders: [{ use: 'suspend' }] }]
          : [],
    }));
    await serveTransfers(hosts.lab, hosts.network.peer, 0);
  });
  afterAll(() => hosts?.close());

  const flood = (
    vm: { mac: string; address: string },
    more: Pick<Flood, 'kind' | 'port' | 'framesPerSecond' | 'seconds'>,
  ) => startFlood(hosts.lab, hosts.network.flooder, { mac: vm.mac, address: vm.address, ...more });

  it('rows 40 and 46: a flooded VM is suspended for a time, and its neighbour has its throughput and latency back', async () => {
    const { lab, network } = hosts;
    const port = network.hosts[0].ports[1];
    const silent = await interfaceCounters(port);
    const watch = new ByteWatch(port);
    const sending = transfer(hosts.guest('b'), PEER, 0, `-b ${NEIGHBOUR_BPS} -l 8K -t ${WATCH_S}`, 120_000);
    const pinging = pings(lab, network.peer, B.address, WATCH_S * 100);
    const flows = async () => counted(silent, await interfaceCounters(port)).rxBytes > 500_000;
    await until(flows, 30_000, "the neighbour's transfer");
    const flowingMs = performance.now();
    await pause(BASELINE_MS);
    const begunMs = performance.now();
    const flooding = await flood(A, FLOOD);
    const floodedMs = performance.now();
    const signal = await hosts.host(0).event(/attack on VM a, says syn-flood/, 15_000);
    const suspended = await hosts.host(0).event(/VM a is suspended/, 15_000);
    expect(await hosts.guest('a').state()).toBe('paused');
    expect(await hosts.guest('b').state()).toBe('running');
    // The flood goes on, and nobody resumes it: it expires.
    const resumed = await hosts.host(0).event(/VM a is running/, SUSPENDED_MS + 15_000, suspended.atMs);
    expect(flooding.ended).toBe(false);
    expect(await hosts.guest('a').state()).toBe('running');
    await flooding.stop();
    // By the clock of the host, whenever it was heard of here.
    const [{ state, atUs, expiresAtUs, endedAtUs = 0 }] = (await hosts.host(0).actions('a')) as [ActionRecord];
    expect(state).toBe('expired');
    expect(expiresAtUs - atUs).toBeLessThanOrEqual(SUSPENDED_MS * 1_000);
    expect(resumed.atMs - begunMs).toBeGreaterThanOrEqual(SUSPENDED_MS);
    expect(endedAtUs).toBeGreaterThanOrEqual(expiresAtUs);
    const [pinged] = await Promise.all([pinging, sending, watch.stop()]);

    const spans = {
      before: [flowingMs, floodedMs],
      flooded: [floodedMs, suspended.atMs],
      after: [signal.atMs + 1_000, resumed.atMs],
    } as const;
    const rates = Object.entries(spans).map(([name, [from, to]]) => [name, watch.rxBps(from, to)] as const);
    const times = Object.entries(spans).map(
      ([name, [from, to]]) => [name, quantile(rttsBetween(pinged, from, to), 0.5)] as const,
    );
    const [rate, rtt] = [Object.fromEntries(rates), Object.fromEntries(times)];
    figures(
      `signal ${(signal.atMs - floodedMs).toFixed(0)} ms after the flood began, suspended ${(suspended.atMs - signal.atMs).toFixed(0)} ms later`,
    );
    figures(`neighbour's rate: ${rates.map(([name, bps]) => `${name} ${(bps / 1e6).toFixed(2)} Mbit/s`).join(', ')}`);
    figures(`neighbour's median ping: ${times.map(([name, ms]) => `${name} ${ms.toFixed(2)} ms`).join(', ')}`);
    expect(rate['after']).toBeGreaterThan(0.95 * rate['before']);
    // What else the machine does weighs on both times, but not alike: that may be one turn of its scheduler.
    expect(rtt['after']).toBeLessThan(1.5 * rtt['before'] + 4);
  });

  it('leaves no VM suspended and no frame unaccounted for', async () => {
    await until(async () => (await hosts.guest('a').state()) === 'running', 20_000, 'a running');
    for (const host of [0, 1] as const) expect(await hosts.host(host).end()).toMatchObject({ conserved: true });
  });
});
