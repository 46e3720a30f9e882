import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cpuQuota, cpuShare } from './support/cpu-time.ts';
import type { RunLine } from './support/fairlead-run.ts';
import { floodEnd, startFlood } from './support/flood.ts';
import { counted } from './support/interface-counters.ts';
import { requireParts } from './support/parts.ts';
import { pings, quantile, rttsBetween } from './support/pings.ts';
import { type HostShape, type LabVm, TwoHosts } from './support/two-hosts.ts';

const vm = (name: string, number: number, host: 0 | 1): LabVm => ({
  name,
  mac: `52:54:00:00:03:0${number}`,
  address: `10.77.0.3${number}`,
  host,
});
/** One for each responder. */
const LATE = vm('late', 1, 0);
const POLICED = vm('policed', 2, 0);
const SLOWED = vm('slowed', 3, 1);
const MOVED = vm('moved', 4, 1);
const VMS = [LATE, POLICED, SLOWED, MOVED];

const DELAY_MS = 50;
const FRACTION = 0.05;
const RATE_BPS = 400e3;
const TTL_MS = 5_000;

/** The chain that answers attacks on one VM of a host, and on no other. */
function chainFor(target: LabVm, use: string, options: object): NonNullable<HostShape['signals']>[number] {
  const allow = VMS.filter((other) => other.host === target.host && other !== target).map(({ name }) => name);
  // The action outlives the flood: what it does is measured in quiet.
  const times = { ttlMs: TTL_MS, whileSignalled: false, coolDownMs: '60s' } as const;
  return { on: 'attack', allow, ...times, responders: [{ use, options: { ...options } }] };
}

const CHAINS = [
  [
    chainFor(LATE, 'delay-interrupt', { delayUs: DELAY_MS * 1_000 }),
    chainFor(POLICED, 'rate-limit', { inboundBps: RATE_BPS }),
  ],
  [chainFor(SLOWED, 'delay-scheduling', { fraction: FRACTION }), chainFor(MOVED, 'failover', { to: 'second' })],
];

const parts = requireParts('responders on real guests', [
  ...(['root', 'namespaces', 'ip', 'ethtool', 'ping', 'setpriv'] as const),
  ...(['qemu-system-x86_64', 'guest-image'] as const),
]);

const figures = (text: string): void => void process.stdout.write(`${text}\n`);

describe.skipIf(parts.skip)('one responder after the other, on Linux guests of two hosts', () => {
  let hosts: TwoHosts;

  beforeAll(async () => {
    hosts = await TwoHosts.open(VMS);
    await hosts.run(({ host, qmp }) => ({
      teams: [
        { name: 'first', active: ['uplink0'] },
        { name: 'second', active: ['uplink1'] },
      ],
      hypervisor: { use: 'qemu', options: { socket: qmp, startMs: '90s' }, budget: { controlMs: '100s' } },
      detectors: [{ use: 'syn-flood', options: { floorSyns: 500 }, windowMs: 250 }],
      signals: CHAINS[host] ?? [],
    }));
  });
  afterAll(() => hosts?.close());

  /** Floods a VM for a second, and answers when that was signalled, and when the flood was over. */
  async function attack({ name, mac, address, host }: LabVm): Promise<{ signal: RunLine; overMs: number }> {
    const flood = { kind: 'syn', port: 80, framesPerSecond: 5_000, seconds: 1 } as const;
    const begunMs = performance.now();
    const flooding = await startFlood(hosts.lab, hosts.network.flooder, { mac, address, ...flood });
    const signal = await hosts.host(host).event(new RegExp(`attack on VM ${name}, says`), 10_000, begunMs);
    await floodEnd(flooding);
    return { signal, overMs: performance.now() };
  }

  it('row 45: what comes for the VM reaches it late by the set delay, and in time again afterwards', async () => {
    const pinging = pings(hosts.lab, hosts.network.peer, LATE.address, 1_100);
    await pause(1_500);
    const beforeMs = performance.now();
    const { signal, overMs } = await attack(LATE);
    const pinged = await pinging;
    const standsUntilMs = signal.atMs + TTL_MS;
    const rtts = {
      before: rttsBetween(pinged, beforeMs - 1_500, beforeMs),
      delayed: rttsBetween(pinged, overMs + 500, standsUntilMs - 100),
      after: rttsBetween(pinged, standsUntilMs + 500, standsUntilMs + 10_000),
    };
    const [before, delayed, after] = [rtts.before, rtts.delayed, rtts.after].map((some) => quantile(some, 0.5));
    const added = rtts.delayed.map((rttMs) => rttMs - before);
    figures(
      `delay-interrupt of ${DELAY_MS} ms: median ping ${before} ms before, ${delayed} ms delayed, ${after} ms after; ` +
        `added ${quantile(added, 0.5).toFixed(2)} ms at the median, ${quantile(added, 0.99).toFixed(2)} ms at the 99th percentile of ${added.length}`,
    );
    expect(added.length).toBeGreaterThan(100);
    expect(Math.min(...rtts.delayed)).toBeGreaterThanOrEqual(DELAY_MS);
    expect(delayed - before).toBeLessThan(DELAY_MS + 10);
    expect(after).toBeLessThan(before + 10);
    // Late is not lost: every ping was answered, once and in order, but for those that found the ring full of the flood.
    const answered = pinged.pongs.filter(({ atMs, rttMs }) => atMs - rttMs > overMs + 100);
    const sequences = answered.map(({ sequence }) => sequence);
    const [first = 0] = sequences;
    expect(sequences).toEqual(Array.from({ length: pinged.sent - first + 1 }, (_, i) => first + i));
  });

  it('row 47: the VM gets a part of the CPU while the action stands, as its control group says', async () => {
    const guest = hosts.guest('slowed');
    const looping = guest.run('timeout 12 sh -c "while :; do :; done"', 20_000);
    await pause(500);
    const quotaBefore = cpuQuota(guest.pid);
    const before = await cpuShare(guest.pid, 1_500);
    const { signal } = await attack(SLOWED);
    const quota = cpuQuota(guest.pid);
    const slowed = await cpuShare(guest.pid, 1_500);
    await pause(signal.atMs + TTL_MS + 1_000 - performance.now());
    const quotaAfter = cpuQuota(guest.pid);
    const after = await cpuShare(guest.pid, 1_500);
    figures(
      `delay-scheduling to ${FRACTION}: quota ${quotaBefore ?? 'none'} before, ${quota ?? 'none'} while it stands, ` +
        `${quotaAfter ?? 'none'} after; share of a processor ${before.toFixed(2)}, ${slowed.toFixed(3)}, ${after.toFixed(2)}`,
    );
    expect([quotaBefore, quota, quotaAfter]).toEqual([undefined, FRACTION, undefined]);
    expect(slowed).toBeLessThan(2 * FRACTION);
    expect(Math.min(before, after)).toBeGreaterThan(2 * FRACTION);
    await looping;
  });

  it('row 48: the VM goes over the second set of NICs while the action stands, and back', async () => {
    const ports = hosts.network.hosts[1].ports;
    /** Pings of which the answers leave by the VM's NICs; what each uplink carried. */
    const over = async (): Promise<number[]> => {
      const before = await hosts.wire(1);
      const { pongs } = await pings(hosts.lab, hosts.network.peer, MOVED.address, 50);
      expect(pongs).toHaveLength(50);
      const after = await hosts.wire(1);
      return ports.map((_, i) => counted(before[i] as never, after[i] as never).rxFrames);
    };
    const before = await over();
    const { signal } = await attack(MOVED);
    const moved = await over();
    await pause(signal.atMs + TTL_MS + 500 - performance.now());
    const after = await over();
    figures(
      `failover: frames over uplink 0 and 1 for 50 pings: ${before} before, ${moved} while it stands, ${after} after`,
    );
    for (const [counts, own] of [
      [before, 0],
      [moved, 1],
      [after, 0],
    ] as const) {
      expect(counts[own]).toBeGreaterThanOrEqual(50);
      expect(counts[1 - own]).toBeLessThan(5);
    }
  });

  it('holds a flooded VM to a rate while the action stands', async () => {
    const framesPerSecond = 4_000;
    const received = async (): Promise<number> =>
      Number((await hosts.guest('policed').run('cat /sys/class/net/eth0/statistics/rx_bytes')).output);
    const flood = { kind: 'udp', port: 9, framesPerSecond, seconds: 1 } as const;
    /** What reaches the guest of a flood of a second. */
    const got = async (): Promise<number> => {
      const before = await received();
      const { mac, address } = POLICED;
      await floodEnd(await startFlood(hosts.lab, hosts.network.flooder, { mac, address, ...flood }));
      await pause(200);
      return (await received()) - before;
    };
    const before = await got();
    const { signal } = await attack(POLICED);
    const limited = await got();
    expect(performance.now()).toBeLessThan(signal.atMs + TTL_MS);
    await pause(signal.atMs + TTL_MS + 500 - performance.now());
    const after = await got();
    const rates = [before, limited, after].map((bytes) => `${((bytes * 8) / 1e6).toFixed(2)} Mbit/s`);
    figures(`rate-limit to ${RATE_BPS / 1e6} Mbit/s: ${rates.join(', ')} before, while it stands, after`);
    const offered = framesPerSecond * 60;
    expect(Math.min(before, after)).toBeGreaterThan(0.9 * offered);
    expect(limited).toBeLessThan((RATE_BPS / 8) * 2);
    expect(limited).toBeGreaterThan((RATE_BPS / 8) * 0.5);
  });

  it('leaves nothing standing, touched no other VM, and accounts for every frame', async () => {
    for (const host of [0, 1] as const) {
      const said = hosts.host(host).lines.map(({ text }) => text ?? '');
      expect(said.filter((text) => / is suspended| failed/.test(text))).toEqual([]);
      expect(await hosts.host(host).end()).toMatchObject({ conserved: true });
    }
  });
});
