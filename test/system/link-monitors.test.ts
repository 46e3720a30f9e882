import { createHost, type Host, type Used, use } from '@fairlead/core';
import memoryDevice from '@fairlead/device-emulator-memory';
import beacon from '@fairlead/link-monitor-beacon';
import probe from '@fairlead/link-monitor-probe';
import roundRobin from '@fairlead/load-distribution-round-robin';
import afPacket from '@fairlead/nic-driver-af-packet';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { command } from './support/command.ts';
import { until } from './support/deadline.ts';
import { type LinkEnd, NetworkLab } from './support/namespaces.ts';
import { requireParts } from './support/parts.ts';

const parts = requireParts('link monitors on cables', ['root', 'namespaces', 'ip', 'ethtool']);
const PATIENCE_MS = 15_000;

describe.skipIf(parts.skip)('a team of three NICs on a Linux bridge', () => {
  let lab: NetworkLab;
  let switchSpace: string;
  const ports = ['port0', 'port1', 'port2'];
  let host: Host | undefined;

  beforeAll(async () => {
    lab = await NetworkLab.open();
    switchSpace = await lab.namespace('lan');
    for (const [i, port] of ports.entries())
      await lab.cable({ device: lab.name(`up${i}`) }, { device: port, namespace: switchSpace });
    const bridge: LinkEnd = { device: 'br0', namespace: switchSpace };
    await lab.bridge(bridge, ports);
    await lab.address(bridge, '10.78.0.1/24');
    // Else Linux answers for the bridge's address on every interface, also on a port that left it.
    const settings = ['net.ipv4.conf.all.arp_ignore=1', 'net.ipv4.conf.port1.arp_ignore=1'];
    await command(['ip', 'netns', 'exec', switchSpace, 'sysctl', '-qw', ...settings]);
  });
  afterEach(async () => {
    await host?.close();
    host = undefined;
    for (const port of ports) await plug(port, true);
  });
  afterAll(() => lab?.close());

  /** Pulls a cable out of the bridge: both ends of it keep their carrier. */
  const plug = (port: string, plugged: boolean): Promise<string> =>
    command(['ip', '-n', switchSpace, 'link', 'set', port, ...(plugged ? ['master', 'br0'] : ['nomaster'])]);

  async function start(monitor: Used<'link-monitor'>): Promise<Host> {
    const builder = createHost().distribute(use(roundRobin));
    for (const i of ports.keys()) builder.nic(`nic${i}`, use(afPacket, { interface: lab.name(`up${i}`) }));
    builder.team('bond', { active: ['nic0', 'nic1', 'nic2'], monitors: [monitor] });
    host = await builder.vm('a', '52:54:00:00:00:0a', use(memoryDevice)).start();
    return host;
  }

  it.each([
    [
      'beacons',
      use(beacon, { key: 'a secret of this test', intervalMs: 200 }),
      'it neither hears beacons nor is heard',
    ],
    ['ARP probes', use(probe, { targets: ['10.78.0.1'], intervalMs: 200 }), 'no answer from 10.78.0.1'],
  ] as const)(
    '%s find the NIC whose cable is not in the bridge, though its link is up',
    async (_what, monitor, why) => {
      const one = await start(monitor);
      const verdicts = (): string[] => [0, 1, 2].map((nic) => one.nics.monitors?.verdicts(nic)[0]?.verdict ?? 'none');
      const serving = (): string => [...one.teams.status('bond').serving].sort().join(' ');
      await until(() => verdicts().every((verdict) => verdict === 'up'), PATIENCE_MS, 'three verdicts of up');
      await plug('port1', false);
      await until(() => serving() === 'nic0 nic2', PATIENCE_MS, 'nic1 out of service');
      expect(one.nics.status('nic1')).toMatchObject({ carrier: true, state: 'down' });
      expect(one.nics.monitors?.verdicts(1)[0]?.why).toContain(why);
      await plug('port1', true);
      await until(() => serving() === 'nic0 nic1 nic2', PATIENCE_MS, 'nic1 in service again');
    },
  );
});
