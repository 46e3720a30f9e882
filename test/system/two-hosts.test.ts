import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './support/deadline.ts';
import { floodEnd, startFlood } from './support/flood.ts';
import { counted } from './support/interface-counters.ts';
import { requireParts } from './support/parts.ts';
import { pings, quantile } from './support/pings.ts';
import { PEER } from './support/two-host-network.ts';
import { TwoHosts } from './support/two-hosts.ts';

const A = { name: 'a', mac: '52:54:00:00:01:0a', address: '10.77.0.11', host: 0 } as const;
const B = { name: 'b', mac: '52:54:00:00:01:0b', address: '10.77.0.12', host: 1 } as const;

const parts = requireParts('two hosts on one bridge', [
  ...(['root', 'namespaces', 'ip', 'ethtool', 'ping', 'setpriv'] as const),
  ...(['qemu-system-x86_64', 'guest-image'] as const),
]);

describe.skipIf(parts.skip)('two hosts in namespaces on one bridge, a guest on each', () => {
  let hosts: TwoHosts;

  beforeAll(async () => {
    hosts = await TwoHosts.open([A, B]);
    await hosts.run(({ host }) => ({
      distribution: { use: 'vm-affinity', options: { pins: host === 0 ? { a: 'uplink0' } : { b: 'uplink1' } } },
    }));
  });
  afterAll(() => hosts?.close());

  /** Pings, each as soon as the one before is answered, and asserts that every one is, once. */
  async function ping(from: string, to: string, count: number): Promise<void> {
    const { output } = await hosts.guest(from).run(`ping -A -q -c ${count} ${to}`, 30_000);
    expect(output).toContain(`${count} packets transmitted, ${count} packets received`);
    expect(output).not.toContain('duplicates');
  }

  it('row 43: each guest reaches the network, and the other, over the uplinks of its own host', async () => {
    await ping('a', PEER, 10);
    await ping('b', PEER, 10);
    const before = [await hosts.wire(0), await hosts.wire(1)];
    await ping('a', B.address, 50);
    const after = [await hosts.wire(0), await hosts.wire(1)];
    const sent = before.map((host, at) => host.map((uplink, i) => counted(uplink, after[at]?.[i] as never).rxFrames));
    // Each direction over the one uplink that its VM is pinned to; a few frames of ARP and neighbour discovery pass by.
    for (const [host, uplink] of [
      [0, 0],
      [1, 1],
    ] as const) {
      expect(sent[host]?.[uplink]).toBeGreaterThanOrEqual(50);
      expect(sent[host]?.[uplink]).toBeLessThan(80);
      expect(sent[host]?.[1 - uplink]).toBe(0);
    }
  });

  it('row 43: one host keeps its guest on the network when the other has lost both its uplinks', async () => {
    const { lab, network } = hosts;
    for (const port of network.hosts[0].ports) await lab.setLink(port, 'down');
    const down = await hosts.host(0).event(/NIC uplink1 is down/, 20_000);
    await ping('b', PEER, 10);
    expect((await pings(lab, network.peer, A.address, 3)).pongs).toEqual([]);
    for (const port of network.hosts[0].ports) await lab.setLink(port, 'up');
    await hosts.host(0).event(/NIC uplink1 is up/, 20_000, down.atMs);
    await ping('a', B.address, 10);
  });

  it('a flood of a set number of frames reaches its VM, and the host counts every one', async () => {
    const { lab, network } = hosts;
    const before = (await hosts.wire(0))[0];
    const framesPerSecond = 2_000;
    const sent = await floodEnd(
      await startFlood(lab, network.flooder, { ...A, kind: 'syn', port: 80, framesPerSecond, seconds: 1 }),
    );
    expect(sent).toBe(framesPerSecond);
    const arrived = async () => counted(before, (await hosts.wire(0))[0]).txFrames;
    await until(async () => (await arrived()) >= sent, 20_000, `${sent} frames at the host`);
    expect(await arrived()).toBeLessThan(sent + 20);
  });

  it('ends with every frame accounted for, on both', async () => {
    const { pongs } = await pings(hosts.lab, hosts.network.peer, A.address, 50);
    const medianMs = quantile(
      pongs.map(({ rttMs }) => rttMs),
      0.5,
    );
    process.stdout.write(`ping from the peer to a: median ${medianMs} ms of ${pongs.length}\n`);
    for (const host of [0, 1] as const) {
      expect(await hosts.host(host).end()).toMatchObject({ conserved: true });
    }
  });
});
