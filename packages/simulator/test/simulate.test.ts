import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { WrittenScenario } from '../src/scenario/schema.ts';
import { hostOf, simulate } from './one-host.ts';

const nic = (name: string, more: object = {}) => ({
  name,
  driver: { use: 'memory', options: { speedBps: '50Mbps' } as const },
  ...more,
});

const lossy: WrittenScenario = {
  duration: '1s',
  host: hostOf(['web', 'db'], { distribution: { use: 'round-robin' }, nics: [nic('a'), nic('b')] }),
  network: { '*': { delay: '2ms', lossRate: 0.02, burstLossRate: 0.01, burstLossFrames: 3 } },
  senders: [
    { vm: 'web', kind: 'tcp', flows: 2 },
    { vm: 'db', kind: 'constant', rateBps: '5Mbps', spacing: 'poisson' },
    { vm: 'db', kind: 'on-off', rateBps: '10Mbps', on: '20ms', off: '30ms', periods: 'exponential' },
  ],
};

describe('a simulation', () => {
  it('gives the same result to the last digit when it is run again', async () => {
    const [first, second] = [await simulate(lossy), await simulate(lossy)];
    expect(second).toEqual(first);
    expect(JSON.stringify(second)).toBe(JSON.stringify(first));
  });

  it('gives another one with another seed', async () => {
    const [first, second] = [await simulate(lossy), await simulate({ ...lossy, seed: 2 })];
    expect(second.digest).not.toBe(first.digest);
    expect(second.vms).not.toEqual(first.vms);
  });

  it('ends with the digest of the decision log, whose lines it counts', async () => {
    let log = '';
    const { digest, decisions } = await simulate(lossy, (text) => {
      log += text;
    });
    expect(createHash('sha256').update(log).digest('hex')).toBe(digest);
    const lines = log.trimEnd().split('\n');
    expect(lines).toHaveLength(decisions.lines);
    const sent = lines.map((line) => JSON.parse(line) as { decision: string; nic: string; frames: number });
    const byA = sent.filter(({ decision, nic }) => decision === 'send' && nic === 'a');
    expect(byA.reduce((sum, { frames }) => sum + frames, 0)).toBe(decisions.sent['a']);
  });

  it('accounts for every frame: in the host, on each path, at the seams, and flow by flow', async () => {
    const { accounts, vms, nics, flows } = await simulate(lossy);
    expect(accounts.filter(({ missing }) => missing !== 0)).toEqual([]);
    expect(accounts.map(({ subject }) => subject)).toEqual(
      expect.arrayContaining([
        'vm web outbound',
        'guest web to its virtual NIC',
        'nic a to its path',
        'path behind b inbound',
      ]),
    );
    // Only data is lost on this network's way out, and acknowledgements are not data.
    const lost = vms.reduce((sum, { lostFrames }) => sum + lostFrames, 0);
    expect(lost).toBeGreaterThan(50);
    expect(lost).toBe(nics.reduce((sum, { lostByChance, lostByFullQueue }) => sum + lostByChance + lostByFullQueue, 0));
    expect(flows.every(({ sentFrames, arrivedFrames }) => arrivedFrames <= sentFrames)).toBe(true);
  });

  it('has as many points in every series as intervals in the run', async () => {
    const { series, durationSeconds, vms } = await simulate(lossy);
    const count = Math.ceil(durationSeconds / series.intervalSeconds - 1e-9);
    for (const { throughputBps, p50Us, p99Us } of series.vms)
      expect([throughputBps.length, p50Us.length, p99Us.length]).toEqual([count, count, count]);
    const web = series.vms.find(({ name }) => name === 'web');
    const mean = (web?.throughputBps.reduce((sum, bps) => sum + bps, 0) ?? 0) / count;
    expect(Math.abs(mean / (vms[0]?.throughputBps ?? 1) - 1)).toBeLessThan(0.001);
  });
});

describe('who sends to whom', () => {
  it('may be the network: its connections share the way in', async () => {
    const { vms, nics } = await simulate({
      duration: '2s',
      warmUp: '500ms',
      host: hostOf(['web']),
      network: { uplink0: { delay: '2ms' } },
      senders: [{ vm: 'web', kind: 'tcp', from: 'server', flows: 2 }],
    });
    expect(vms.map(({ name, direction }) => `${name} ${direction}`)).toEqual(['web in']);
    expect(vms[0]?.throughputBps).toBeGreaterThan(90e6);
    expect(nics[0]?.rxBps).toBeGreaterThan(80e6);
    // Outwards there is an acknowledgement for every second segment.
    expect(nics[0]?.txBps).toBeLessThan(5e6);
  });

  it('may be another VM: such frames use no NIC', async () => {
    const { vms, nics } = await simulate({
      duration: '200ms',
      host: hostOf(['web', 'db']),
      senders: [{ vm: 'web', kind: 'constant', rateBps: '20Mbps', to: 'db' }],
    });
    expect(vms.map(({ name, direction }) => `${name} ${direction}`)).toEqual(['web local']);
    expect(vms[0]?.arrivedFrames).toBe(vms[0]?.sentFrames);
    expect(vms[0]?.arrivedFrames).toBeGreaterThan(300);
    expect(nics[0]?.sentFrames).toBe(0);
  });
});

describe('the script', () => {
  const steady: WrittenScenario = {
    duration: '1s',
    host: hostOf(['web'], { nics: [nic('a'), nic('spare', { role: 'standby' })] }),
    senders: [{ name: 'stream', vm: 'web', kind: 'constant', rateBps: '10Mbps' }],
  };
  const partOf = (series: readonly number[], from: number, to: number): number =>
    series.slice(from, to).reduce((sum, value) => sum + value, 0) / (to - from);

  it('pulls a cable: the host fails over, and only what was on the wire is lost', async () => {
    const { events, series, nics, vms } = await simulate({
      ...steady,
      events: [
        { at: '300ms', do: 'nic-down', nic: 'a' },
        { at: '700ms', do: 'nic-up', nic: 'a' },
      ],
    });
    expect(events.map(({ by, text }) => `${by}: ${text}`)).toEqual([
      'script: cable of a pulled',
      'host: NIC a is down: link down',
      'script: cable of a plugged in',
      'host: NIC a is up: link up',
    ]);
    const count = series.nics[0]?.load.length ?? 0;
    expect(partOf(series.nics[0]?.load ?? [], Math.ceil(0.35 * count), Math.floor(0.65 * count))).toBe(0);
    expect(partOf(series.nics[1]?.load ?? [], Math.ceil(0.35 * count), Math.floor(0.65 * count))).toBeCloseTo(0.2, 2);
    expect(nics[1]?.sentFrames).toBeGreaterThan(300);
    expect(vms[0]?.lostFrames).toBe(0);
  });

  it('suspends a VM: it sends nothing, and does not make up for it', async () => {
    const { vms, events } = await simulate({
      ...steady,
      events: [
        { at: '200ms', do: 'vm-suspend', vm: 'web' },
        { at: '800ms', do: 'vm-resume', vm: 'web' },
      ],
    });
    const framesInFull = 10e6 / (1514 * 8);
    expect((vms[0]?.sentFrames ?? 0) / framesInFull).toBeCloseTo(0.4, 1);
    expect(events.map(({ text }) => text)).toContain('VM web is suspended');
  });

  it('changes rates, speeds and allocations', async () => {
    const { series, events } = await simulate({
      ...steady,
      duration: '3s',
      host: { ...steady.host, admission: { use: 'shaping-filter' } },
      events: [
        { at: '500ms', do: 'sender-rate', sender: 'stream', rateBps: '80Mbps' },
        { at: '1s', do: 'vm-bandwidth', vm: 'web', bandwidth: { limitBps: '20Mbps', burstBytes: 10_000 } },
        { at: '2s', do: 'nic-change', nic: 'a', change: { speedBps: '5Mbps' } },
      ],
    });
    const at = (fromMs: number, toMs: number): number => {
      const of = (ms: number): number => Math.round(ms / 1000 / series.intervalSeconds);
      return partOf(series.vms[0]?.throughputBps ?? [], of(fromMs), of(toMs)) / 1e6;
    };
    // What waited for the NIC before a change leaves as it would have.
    expect(at(100, 450)).toBeCloseTo(10, 0);
    expect(at(600, 950)).toBeCloseTo(50, 0);
    expect(at(1600, 1900)).toBeCloseTo(20, 0);
    expect(at(2500, 2900)).toBeCloseTo(5, 0);
    expect(events.map(({ text }) => text)).toContain('web: limitBps 20 Mbit/s, burstBytes 10000 bytes');
  });

  it('exchanges a policy while frames pass, and none is lost', async () => {
    const scenario: WrittenScenario = {
      ...steady,
      host: hostOf(['web'], { distribution: { use: 'round-robin' }, nics: [nic('a'), nic('b')] }),
      events: [{ at: '500ms', do: 'swap', section: 'distribution', policy: { use: 'only-a' } }],
    };
    const { events, vms, nics, digest } = await simulate(scenario);
    expect(events.map(({ text }) => text)).toEqual(['only-a takes over distribution']);
    expect(vms[0]?.lostFrames).toBe(0);
    const [a, b] = nics.map(({ sentFrames }) => sentFrames) as [number, number];
    expect(a / b).toBeCloseTo(3, 1);
    expect((await simulate(scenario)).digest).toBe(digest);
  });

  it('starts and stops senders', async () => {
    const { vms, events } = await simulate({
      ...steady,
      senders: [{ name: 'stream', vm: 'web', kind: 'constant', rateBps: '10Mbps', start: '900ms' }],
      events: [{ at: '950ms', do: 'sender-stop', sender: 'stream' }],
    });
    expect((vms[0]?.sentFrames ?? 0) / (10e6 / (1514 * 8))).toBeCloseTo(0.05, 2);
    expect(events.map(({ text }) => text)).toEqual(['stream starts', 'stream stops']);
  });
});

describe('a sender that does not react', () => {
  it('loses in the guest what its own queue cannot hold, and that is told apart', async () => {
    const { vms } = await simulate({
      duration: '1s',
      host: hostOf(['web'], { nics: [nic('a')] }),
      senders: [{ vm: 'web', kind: 'constant', rateBps: '100Mbps', queueFrames: 10 }],
    });
    const [{ guestLostFrames, lostFrames, throughputBps } = { guestLostFrames: 0, lostFrames: -1, throughputBps: 0 }] =
      vms;
    expect(lostFrames).toBe(0);
    expect(throughputBps / 50e6).toBeCloseTo(1, 1);
    // Half of 8256 frames, but for those that the rings took in.
    expect(guestLostFrames).toBeGreaterThan(2500);
  });

  it('keeps the order of its frames over one NIC, and not over two of different delay', async () => {
    const senders = [{ vm: 'web', kind: 'constant', rateBps: '20Mbps' }] as const;
    const host = hostOf(['web'], { distribution: { use: 'round-robin' }, nics: [nic('a'), nic('b')] });
    const network = { a: { delay: '1ms' }, b: { delay: '5ms' } } as const;
    const over = async (nics: typeof host.nics) =>
      (
        await simulate({
          duration: '500ms',
          host: { ...host, nics: nics ?? [] },
          network: nics === host.nics ? network : {},
          senders,
        })
      ).flows[0];
    expect(await over([nic('a')])).toMatchObject({ outOfOrder: 0, duplicates: 0 });
    expect((await over(host.nics))?.outOfOrder).toBeGreaterThan(100);
  });
});
