import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cpuQuota, cpuShare } from './support/cpu-time.ts';
import { until } from './support/deadline.ts';
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

const PING_MS = 10;
const DELAY_MS = 50;
/** By how much a median may differ between two times on a busy machine. */
const SLACK_MS = 25;
const FRACTION = 0.05;
const RATE_BPS = 400e3;
/** When nothing has come for so long, nothing will. */
const SETTLE_MS = 200;
/** Enough for what is measured while an action stands, also on a busy machine. */
const TTL_MS = 10_000;

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

  /** Floods a VM for a second; when the flood is over what is done about it stands, until `untilMs` at least. */
  async function attack({ name, mac, address, host }: LabVm): Promise<{ overMs: number; untilMs: number }> {
    const flood = { kind: 'syn', port: 80, framesPerSecond: 5_000, seconds: 1 } as const;
    const begunMs = performance.now();
    const flooding = await startFlood(hosts.lab, hosts.network.flooder, { mac, address, ...flood });
    await hosts.host(host).event(new RegExp(`attack on VM ${name}, says`), 30_000, begunMs);
    const taken = async (): Promise<boolean> => (await hosts.host(host).actions(name)).length > 0;
    await until(taken, 30_000, `action on ${name}`);
    await floodEnd(flooding);
    // It was not taken before it was called for, whenever this side has heard of it.
    return { overMs: performance.now(), untilMs: begunMs + TTL_MS };
  }

  /** Waits until the one thing that was done about a VM has expired. */
  async function expiry({ name, host }: LabVm): Promise<void> {
    const ended = async () => (await hosts.host(host).actions(name)).every(({ state }) => state !== 'standing');
    await until(ended, TTL_MS + 30_000, `end of the action on ${name}`);
    expect((await hosts.host(host).actions(name)).map(({ state }) => state)).toEqual(['expired']);
  }

  async function expectStands({ name, host }: LabVm): Promise<void> {
    expect((await hosts.host(host).actions(name)).map(({ state }) => state)).toEqual(['standing']);
  }

  it('row 45: what comes for the VM reaches it late by the set delay, and in time again afterwards', async () => {
    const ping = (count: number) => pings(hosts.lab, hosts.network.peer, LATE.address, count);
    const earlier = await ping(150);
    const { overMs, untilMs } = await attack(LATE);
    // What the flood has left in the ring is taken meanwhile.
    const quietMs = overMs + 1_000;
    const pinged = await ping(Math.max(0, Math.floor((untilMs - performance.now()) / PING_MS)) + 100);
    await expiry(LATE);
    const later = await ping(150);
    const rtts = {
      before: earlier.pongs.map(({ rttMs }) => rttMs),
      delayed: rttsBetween(pinged, quietMs, untilMs),
      after: later.pongs.map(({ rttMs }) => rttMs),
    };
    const [before, delayed, after] = [rtts.before, rtts.delayed, rtts.after].map((some) => quantile(some, 0.5));
    const added = rtts.delayed.map((rttMs) => rttMs - before);
    figures(
      `delay-interrupt of ${DELAY_MS} ms: median ping ${before} ms before, ${delayed} ms delayed, ${after} ms after; ` +
        `added ${quantile(added, 0.5).toFixed(2)} ms at the median, ${quantile(added, 0.99).toFixed(2)} ms at the 99th percentile of ${added.length}`,
    );
    expect(added.length).toBeGreaterThan(100);
    expect(Math.min(...rtts.delayed)).toBeGreaterThanOrEqual(DELAY_MS);
    expect(delayed - before).toBeLessThan(DELAY_MS + SLACK_MS);
    expect(after).toBeLessThan(before + SLACK_MS);
    // Late is not lost: every ping was answered, once and in order, but for those that found the ring full of the flood.
    const answered = pinged.pongs.filter(({ atMs, rttMs }) => atMs - rttMs > quietMs);
    const sequences = answered.map(({ sequence }) => sequence);
    const [first = 0] = sequences;
    expect(sequences).toEqual(Array.from({ length: pinged.sent - first + 1 }, (_, i) => first + i));
  });

  it('row 47: the VM gets a part of the CPU while the action stands, as its control group says', async () => {
    const guest = hosts.guest('slowed');
    const { output: loop } = await guest.run('sh -c "while :; do :; done" >/dev/null 2>&1 & echo $!');
    const quotaBefore = cpuQuota(guest.pid);
    const before = await cpuShare(guest.pid, 1_500);
    await attack(SLOWED);
    const quota = cpuQuota(guest.pid);
    const slowed = await cpuShare(guest.pid, 1_500);
    await expectStands(SLOWED);
    await expiry(SLOWED);
    const quotaAfter = cpuQuota(guest.pid);
    const after = await cpuShare(guest.pid, 1_500);
    figures(
      `delay-scheduling to ${FRACTION}: quota ${quotaBefore ?? 'none'} before, ${quota ?? 'none'} while it stands, ` +
        `${quotaAfter ?? 'none'} after; share of a processor ${before.toFixed(2)}, ${slowed.toFixed(3)}, ${after.toFixed(2)}`,
    );
    expect([quotaBefore, quota, quotaAfter]).toEqual([undefined, FRACTION, undefined]);
    expect(slowed).toBeLessThan(2 * FRACTION);
    expect(Math.min(before, after)).toBeGreaterThan(2 * FRACTION);
    await guest.run(`kill ${loop.trim()}`);
  });

  it('row 48: the VM goes over the second set of NICs while the action stands, and back', async () => {
    const ports = hosts.network.hosts[1].ports;
    /** Pings of which the answers leave by the VM's NICs; what each uplink carried. */
    const over = async (): Promise<number[]> => {
      // The network learns where the VM is now by the first of its frames.
      const answered = async () => (await pings(hosts.lab, hosts.network.peer, MOVED.address, 1)).pongs.length === 1;
      await until(answered, 20_000, 'answer of the VM');
      const before = await hosts.wire(1);
      const { pongs } = await pings(hosts.lab, hosts.network.peer, MOVED.address, 50);
      expect(pongs).toHaveLength(50);
      const after = await hosts.wire(1);
      return ports.map((_, i) => counted(before[i] as never, after[i] as never).rxFrames);
    };
    const before = await over();
    await attack(MOVED);
    const moved = await over();
    await expectStands(MOVED);
    await expiry(MOVED);
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
      let bytes = await received();
      const settled = async (): Promise<boolean> => {
        const earlier = bytes;
        await pause(SETTLE_MS);
        bytes = await received();
        return bytes === earlier;
      };
      await until(settled, 30_000, 'end of what comes of the flood');
      return bytes - before;
    };
    const before = await got();
    await attack(POLICED);
    const limited = await got();
    await expectStands(POLICED);
    await expiry(POLICED);
    const after = await got();
    const rates = [before, limited, after].map((bytes) => `${((bytes * 8) / 1e6).toFixed(2)} Mbit/s`);
    figures(`rate-limit to ${RATE_BPS / 1e6} Mbit/s: ${rates.join(', ')} before, while it stands, after`);
    const offered = framesPerSecond * 60;
    // A busy machine's guest may miss some of a flood, and a flood of a second may reach it over two.
    expect(Math.min(before, after)).toBeGreaterThan(0.7 * offered);
    expect(limited).toBeLessThan((RATE_BPS / 8) * 3);
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
