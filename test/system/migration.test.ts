import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './support/deadline.ts';
import { EchoTally } from './support/echo-tally.ts';
import { startFlood } from './support/flood.ts';
import { requireParts } from './support/parts.ts';
import { type Pings, pings } from './support/pings.ts';
import { RegistryServer } from './support/registry-server.ts';
import { serveTransfers } from './support/transfer.ts';
import { PEER, REGISTRY } from './support/two-host-network.ts';
import { type LabVm, TwoHosts } from './support/two-hosts.ts';

/** Is to go, and its destination dies. */
const A = { name: 'a', mac: '52:54:00:00:04:0a', address: '10.77.0.41', host: 0, movable: true } as const;
/** Goes under attack. */
const B = { name: 'b', mac: '52:54:00:00:04:0b', address: '10.77.0.42', host: 0, movable: true } as const;
const C = { name: 'c', mac: '52:54:00:00:04:0c', address: '10.77.0.43', host: 1 } as const;
/** Sends more than it may. */
const D = {
  name: 'd',
  mac: '52:54:00:00:04:0d',
  address: '10.77.0.44',
  host: 0,
  movable: true,
  bandwidth: { limitBps: 4e6, burstBytes: 16 << 10 },
} as const;

const PING_MS = 10;
const PINGS = 700;
/** Once b has gone to the second host. */
const OWNERS = { a: 'host0', b: 'host1', c: 'host1', d: 'host1' };
/** Frames are also lost until the bridge has heard of the move, which on a busy machine takes its time. */
const MARGIN_MS = 250;

/** What iperf3 says of the frames that it has numbered. */
interface UdpEnd {
  readonly sum: { readonly packets: number; readonly lost_packets: number };
  readonly streams: readonly { readonly udp: { readonly out_of_order: number } }[];
}

interface HostStatus {
  readonly vms: readonly { readonly name: string; readonly state: string }[];
}

const parts = requireParts('migrations between two hosts', [
  ...(['root', 'namespaces', 'ip', 'ethtool', 'iperf3', 'ping', 'tcpdump', 'setpriv', 'nats-server'] as const),
  ...(['qemu-system-x86_64', 'guest-image'] as const),
]);

const figures = (text: string): void => void process.stdout.write(`${text}\n`);

/** How many of some pings were answered, each once. */
async function answered(pinging: Promise<Pings>): Promise<number> {
  const { pongs } = await pinging;
  return new Set(pongs.map(({ sequence }) => sequence)).size;
}

describe.skipIf(parts.skip)('VMs between two hosts that know each other by NATS', () => {
  let hosts: TwoHosts;
  let nats: RegistryServer;

  beforeAll(async () => {
    hosts = await TwoHosts.open([A, B, C, D]);
    nats = new RegistryServer(hosts.lab, hosts.network.registry, REGISTRY, hosts.path('nats'));
    await nats.start();
    await hosts.run(({ host, qmp, migration }) => ({
      hypervisor: {
        use: 'qemu',
        options: { socket: qmp, startMs: '90s', migration: { listen: migration, sharedMemory: true } },
        budget: { controlMs: '100s' },
      },
      registry: { use: 'nats', options: { servers: [nats.server], settleMs: 0, answerMs: 1_000 }, announceMs: 500 },
      migration: { coolDownMs: 1_000 },
      detectors: [{ use: 'syn-flood', options: { floorSyns: 500 }, windowMs: 250 }],
      admission: { use: 'shaping-filter' },
      signals:
        host === 0
          ? [
              { on: 'attack', responders: [{ use: 'migrate' }] },
              { on: 'backlog', backlog: { frames: 128 }, forMs: 500, responders: [{ use: 'migrate' }] },
            ]
          : [],
    }));
  });
  afterAll(() => hosts?.close());

  /** Begins to flood a VM for a second. */
  const flood = ({ mac, address }: LabVm) =>
    startFlood(hosts.lab, hosts.network.flooder, {
      mac,
      address,
      kind: 'syn',
      port: 80,
      framesPerSecond: 3_000,
      seconds: 1,
    });

  it('rows 41 and 43: a flooded VM goes to the second host and is the same there, no frame of it sent twice', async () => {
    const { lab, network } = hosts;
    const there = hosts.guest('b', 1);
    expect([await hosts.guest('b').state(), await there.state()]).toEqual(['running', 'inmigrate']);
    const tally = await EchoTally.start(lab, network.peer, B.address);
    const sending = `ping -i ${PING_MS / 1_000} -c ${PINGS} ${PEER} >/tmp/pings 2>&1 &`;
    await hosts.guest('b').run(sending);
    const pinging = pings(lab, network.peer, B.address, PINGS, PING_MS);
    await until(() => tally.counts.size > 50, 30_000, 'pings of the guest at the peer');
    await flood(B);
    const signal = await hosts.host(0).event(/attack on VM b/, 30_000);
    await hosts.host(1).event(/VM b is running/, 30_000);
    const runsMs = performance.now();
    expect(await there.state()).toBe('running');
    const unanswered = PINGS - (await answered(pinging));
    // A busy machine's guest pings more slowly. Its last ping, which is answered, has come by.
    const pinged = async (): Promise<boolean> =>
      (await there.run('grep -c transmitted /tmp/pings', 60_000)).output.trim() === '1';
    await until(pinged, 60_000, 'the end of the pings of the guest');
    await until(() => tally.counts.size >= PINGS, 2_000, 'the last pings of the guest').catch(() => undefined);
    await tally.stop();

    const { output } = await there.run('cat /sys/class/net/eth0/address; tail -n 3 /tmp/pings');
    const { text } = await hosts.host(0).event(/migration of VM b .* done/, 30_000);
    const reported = Number(/down for ([\d.]+) ms/.exec(text ?? '')?.[1]);
    figures(text ?? '');
    const twice = [...tally.counts.values()].filter((count) => count > 1).length;
    figures(
      `migrated ${(runsMs - signal.atMs).toFixed(0)} ms after the signal, down for ${reported} ms; of ${PINGS} frames sent every ` +
        `${PING_MS} ms by the guest ${PINGS - tally.counts.size} were lost and ${twice} came twice; of ${PINGS} to it ${unanswered} were lost`,
    );
    expect(output).toContain(B.mac);
    expect(twice).toBe(0);
    const mostLost = Math.ceil((reported + MARGIN_MS) / PING_MS);
    expect(PINGS - tally.counts.size).toBeLessThanOrEqual(mostLost);
    expect(unanswered).toBeLessThanOrEqual(mostLost);
    await until(
      async () => (await nats.owners('b'))['b'] === 'host1',
      30_000,
      'b as the second host’s in the registry',
    );
  });

  it('row 14: a VM whose frames are refused and pile up goes to the second host, with those that wait', async () => {
    await serveTransfers(hosts.lab, hosts.network.peer, 0);
    await hosts.guest('d').run(`iperf3 -c ${PEER} -p 5201 -u -b 8M -l 1000 -t 6 -J >/tmp/sent 2>&1 &`);
    const { text } = await hosts.host(0).event(/migration of VM d .* done/, 40_000);
    figures(text ?? '');
    expect(Number(/with (\d+) frames to send/.exec(text ?? '')?.[1])).toBeGreaterThanOrEqual(128);
    await hosts.host(1).event(/VM d is running/, 30_000);
    const there = hosts.guest('d', 1);
    expect(await there.state()).toBe('running');
    // The transfer goes on for some 6 s; its guest is left in peace meanwhile.
    await pause(6_500);
    const ended = async (): Promise<string | false> => {
      const { output } = await there.run('sleep 0.5; cat /tmp/sent');
      return output.trimEnd().endsWith('}') && output;
    };
    const { end } = JSON.parse(await until(ended, 60_000, 'the end of the transfer')) as { end: UdpEnd };
    const { packets, lost_packets: lost } = end.sum;
    const unordered = end.streams[0]?.udp.out_of_order;
    figures(
      `of ${packets} numbered frames of a busy guest ${lost} were lost and ${unordered} came out of order or twice`,
    );
    expect(packets).toBeGreaterThan(2_000);
    expect(unordered).toBe(0);
    const downMs = Number(/down for ([\d.]+) ms/.exec(text ?? '')?.[1]);
    expect(lost).toBeLessThanOrEqual(((downMs + MARGIN_MS) * D.bandwidth.limitBps) / 8e6);
    await until(
      async () => (await nats.owners('d'))['d'] === 'host1',
      30_000,
      'd as the second host’s in the registry',
    );
  });

  /** Every VM answers, and runs on the host that has it alone. */
  async function expectEachOnce(): Promise<void> {
    const { lab, network } = hosts;
    for (const { address } of [A, B, C, D]) expect(await answered(pings(lab, network.peer, address, 20))).toBe(20);
    const states = [
      hosts.guest('a').state(),
      hosts.guest('a', 1).state(),
      hosts.guest('b', 1).state(),
      hosts.guest('c').state(),
      hosts.guest('d', 1).state(),
    ];
    expect(await Promise.all(states)).toEqual(['running', 'inmigrate', 'running', 'running', 'running']);
    // The QEMU that b has left has ended.
    await expect(hosts.guest('b').state()).rejects.toThrow(/ended/);
  }

  it('while NATS is gone every VM runs on where it is, and none migrates; afterwards the hosts are as they were', async () => {
    const killedMs = performance.now();
    await nats.kill();
    for (const host of [0, 1] as const) await hosts.host(host).event(/registry.* out of reach/, 30_000, killedMs);
    figures(`both hosts miss NATS ${(performance.now() - killedMs).toFixed(0)} ms after it was killed`);
    await flood(A);
    await hosts.host(0).event(/migration of VM a .*refused/, 30_000, killedMs);
    await hosts.host(0).event(/attack on VM a is over/, 30_000, killedMs);
    await expectEachOnce();
    // A host may have it again before this side has heard that it runs.
    const startedMs = performance.now();
    await nats.start();
    for (const host of [0, 1] as const) await hosts.host(host).event(/registry.* in reach/, 60_000, startedMs);
    figures(`both hosts have NATS again ${(performance.now() - startedMs).toFixed(0)} ms after it was started`);
    expect(await nats.owners('a', 'b', 'c', 'd')).toEqual(OWNERS);
    await expectEachOnce();
  });

  it('a host that alone is cut off from NATS keeps its VMs, and the other one starts none of them', async () => {
    const { lab, network } = hosts;
    const { registryPort } = network.hosts[0];
    const cutMs = performance.now();
    await lab.setLink(registryPort, 'down');
    await hosts.host(0).event(/registry.* out of reach/, 30_000, cutMs);
    await expectEachOnce();
    expect(await nats.owners('a', 'b', 'c', 'd')).toEqual(OWNERS);
    const mendedMs = performance.now();
    await lab.setLink(registryPort, 'up');
    await hosts.host(0).event(/registry.* in reach/, 60_000, mendedMs);
    figures(`the first host has NATS again ${(performance.now() - mendedMs).toFixed(0)} ms after its cable was mended`);
    expect(hosts.host(1).lines.filter(({ atMs, text }) => atMs >= cutMs && / out of reach/.test(text ?? ''))).toEqual(
      [],
    );
    await expectEachOnce();
  });

  it('a VM whose destination dies runs on where it was, and only there', async () => {
    const { lab, network } = hosts;
    const begunMs = performance.now();
    await flood(A);
    // Its QEMU there has been asked to listen: it dies at whatever moment this is.
    await until(() => existsSync(hosts.path('a.1.mig')), 30_000, 'a QEMU that listens for a');
    await hosts.guest('a', 1).kill();
    const { text } = await hosts.host(0).event(/migration of VM a .*(called-off|refused)/, 30_000, begunMs);
    figures(text ?? '');
    await until(async () => (await hosts.guest('a').state()) === 'running', 20_000, 'a running on the first host');
    expect(await answered(pings(lab, network.peer, A.address, 50))).toBe(50);
    expect(await nats.owners('a', 'b', 'c', 'd')).toEqual(OWNERS);
    expect((await hosts.host(1).ask<HostStatus>('status')).vms.find(({ name }) => name === 'a')?.state).toBe('stopped');
  });

  it('ends with every frame accounted for, on both', async () => {
    for (const host of [0, 1] as const) expect(await hosts.host(host).end()).toMatchObject({ conserved: true });
  });
});
