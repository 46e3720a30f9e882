import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CaptureReader, CaptureWriter } from '@fairlead/nic-driver-pcap/capture';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replayCommand } from '../src/commands/replay.ts';
import { checkHostFile } from '../src/config/check-host-file.ts';
import { type ReplayResult, replay } from '../src/replay/replay.ts';
import { OPEN_LOOP } from '../src/view/replay-summary.ts';
import { WrittenLines } from './written-lines.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-replay-'));
afterAll(() => rmSync(folder, { recursive: true }));
const capture = join(folder, 'trace.pcap');
const config = join(folder, 'host.yaml');

/** Two VMs, one held to 8 Mbit/s with a ring of 64 frames; two NICs, of which `slow` has no link. */
const host = `
nics:
  - { name: fast, driver: { use: memory, options: { speedBps: 100Mbps } } }
  - { name: slow, driver: { use: af-packet, options: { interface: nowhere0 } } }
  - { name: unplugged, driver: { use: memory, options: { up: false } } }
vms:
  - { name: free, mac: "52:54:00:00:00:01", device: { use: memory } }
  - { name: held, mac: "52:54:00:00:00:02", port: shared, bandwidth: { limitBps: 8Mbps, burstBytes: 10000 } }
ports:
  - { name: shared, device: { use: memory } }
admission: { use: shaping-filter }
distribution: { use: round-robin }
runtime: { workers: 2 }
memory: { txRingFrames: 64 }
`;

/** 300 frames of 1000 bytes, one each 100 us: of `free`, of `held` and of a stranger in turn. */
beforeAll(() => {
  writeFileSync(config, host);
  const writer = new CaptureWriter(capture, { stamps: 'ns' });
  const frame = new Uint8Array(1000);
  frame.set([2, 0, 0, 0, 0, 9]);
  for (let i = 0; i < 300; i++) {
    frame.set([0x52, 0x54, 0, 0, 0, (i % 3) + 1], 6);
    frame[500] = i & 0xff;
    writer.write(5_000_000 + i * 100, frame, 0, frame.length);
  }
  writer.close();
});

async function replayed(out: string, more: { assign?: boolean; capture?: string } = {}): Promise<ReplayResult> {
  const { checked, faults } = await checkHostFile(config);
  expect(faults).toEqual([]);
  if (checked === undefined) throw new Error('the configuration is refused');
  return replay(checked, {
    capture,
    out: join(folder, out),
    nicSpeedBps: 10e6,
    assign: false,
    realTime: false,
    ...more,
  });
}

interface Decision {
  readonly tUs: number;
  readonly vm: string;
  readonly decision: 'send' | 'queue' | 'drop';
  readonly frames: number;
  readonly bytes: number;
  readonly nic?: string;
  readonly reason?: string;
}
const decisionsIn = (out: string): Decision[] =>
  readFileSync(join(folder, out, 'decisions.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Decision);
const framesOf = (decisions: readonly Decision[]): number => decisions.reduce((sum, { frames }) => sum + frames, 0);

describe('a replay', () => {
  it('gives the same bytes for the same inputs', async () => {
    const first = await replayed('one');
    const second = await replayed('two');
    expect(second.digest).toBe(first.digest);
    expect(first.files.map(({ name }) => name)).toEqual([
      'decisions.jsonl',
      'fast.pcapng',
      'slow.pcapng',
      'unplugged.pcapng',
    ]);
    for (const { name, bytes } of first.files) {
      const written = readFileSync(join(folder, 'one', name));
      expect(written.length).toBe(bytes);
      expect(readFileSync(join(folder, 'two', name)).equals(written)).toBe(true);
    }
  });

  it('accounts for every frame of the capture', async () => {
    const { capture: counts, accounts, conserved, rates } = await replayed('accounts');
    expect(counts).toMatchObject({ frames: 300, given: 200, unknown: 100, cut: 0, late: 0, lastUs: 29_900 });
    const account = (subject: string) => accounts.find((one) => one.subject === subject);
    expect(account('vm free outbound')).toMatchObject({ accepted: 100, transmitted: 100, queued: 0, dropped: 0 });
    // `held` may send 10 frames at once and one each millisecond: 39 leave in the 30 ms, and 64 wait at the end, or fewer.
    const held = account('vm held outbound');
    expect(held).toMatchObject({ accepted: 100, queued: 0 });
    expect((held?.transmitted ?? 0) + (held?.dropped ?? 0)).toBe(100);
    expect(conserved).toBe(true);
    expect(rates.drops).toEqual(counts.noRoom === 0 ? [] : [['ring-full', counts.noRoom]]);
  });

  it('holds a VM to its limit on the virtual clock, at the NICs', async () => {
    await replayed('limit');
    const sentAtUs: number[] = [];
    for (const nic of ['fast', 'slow']) {
      const reader = new CaptureReader(join(folder, 'limit', `${nic}.pcapng`));
      while (reader.next()) {
        if (reader.memory[reader.at + 11] === 2) sentAtUs.push(reader.seconds * 1e6 + reader.nanoseconds / 1000);
      }
      reader.close();
    }
    sentAtUs.sort((a, b) => a - b);
    expect(sentAtUs).toHaveLength(100);
    // Frame n may not leave before burst and rate allow: 10 at once, then one a millisecond.
    for (const [n, atUs] of sentAtUs.entries())
      expect(atUs - (sentAtUs[0] as number)).toBeGreaterThanOrEqual((n - 9) * 1000 - 1000);
  });

  it('writes each decision once, so that they add up to what the NICs sent', async () => {
    const { accounts } = await replayed('decisions');
    const decisions = decisionsIn('decisions');
    const sent = decisions.filter(({ decision }) => decision === 'send');
    for (const nic of ['fast', 'slow']) {
      const account = accounts.find(({ subject }) => subject === `nic ${nic} outbound`);
      expect(framesOf(sent.filter((one) => one.nic === nic))).toBe(account?.transmitted);
    }
    expect(sent.every(({ nic }) => nic !== 'unplugged')).toBe(true);
    expect(framesOf(sent.filter(({ vm }) => vm === 'free'))).toBe(100);
    const queued = decisions.filter(({ decision }) => decision === 'queue');
    expect(new Set(queued.map(({ vm }) => vm))).toEqual(new Set(['held']));
    expect(queued.length).toBeLessThan(200);
    expect(decisions.map(({ tUs }) => tUs)).toEqual(decisions.map(({ tUs }) => tUs).sort((a, b) => a - b));
  });

  it('counts as ring-full what a sender that cannot wait finds no room for', async () => {
    writeFileSync(config, host.replace('8Mbps', '1Mbps').replace('txRingFrames: 64', 'txRingFrames: 8'));
    const { capture: counts, rates } = await replayed('full');
    writeFileSync(config, host);
    expect(counts.noRoom).toBeGreaterThan(50);
    expect(rates.drops).toEqual([['ring-full', counts.noRoom]]);
    const drops = decisionsIn('full').filter(({ decision }) => decision === 'drop');
    expect(framesOf(drops)).toBe(counts.noRoom);
    expect(new Set(drops.map(({ vm, reason }) => `${vm} ${reason}`))).toEqual(new Set(['held ring-full']));
  });

  it('gives unknown sources to the VMs in turn when asked to, under their MACs', async () => {
    const { capture: counts, strangers, accounts } = await replayed('assigned', { assign: true });
    expect(counts).toMatchObject({ given: 300, unknown: 0, assigned: 1 });
    expect(strangers).toEqual([]);
    expect(accounts.find(({ subject }) => subject === 'vm free outbound')).toMatchObject({ accepted: 200, dropped: 0 });
    expect((await replayed('left')).strangers).toEqual([{ mac: '52:54:00:00:00:03', frames: 100 }]);
  });

  it('replays frames that the capture cut at their full length', async () => {
    const cut = join(folder, 'cut.pcap');
    const bytes = readFileSync(capture);
    // The header of the first record (16 bytes, from 24 on) says 1000 captured of 1000; now it says of 1400.
    bytes.writeUInt32LE(1400, 24 + 12);
    writeFileSync(cut, bytes);
    const { capture: counts } = await replayed('cut', { capture: cut });
    expect(counts.cut).toBe(1);
    expect(decisionsIn('cut')[0]).toMatchObject({ vm: 'free', decision: 'send', frames: 1, bytes: 1400 });
  });

  it('goes on to the end of a capture that is cut off, and says so', async () => {
    const short = join(folder, 'short.pcap');
    writeFileSync(short, readFileSync(capture).subarray(0, 24 + 10 * 1016 + 500));
    const { capture: counts, notes } = await replayed('short', { capture: short });
    expect(counts.frames).toBe(10);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain('cut off');
  });
});

describe('fairlead replay', () => {
  it('says that it is open-loop, where the outputs are, and their digest', async () => {
    const output = new WrittenLines();
    const out = join(folder, 'said');
    expect(await replayCommand(capture, { config, out }, output)).toBe(0);
    expect(output.printed).toContain(OPEN_LOOP);
    expect(output.printed).toContain(`outputs in ${out}`);
    expect(output.printed.at(-1)).toMatch(/^digest sha256 [0-9a-f]{64}$/);
    expect(output.printed.join('\n')).toContain('100 left out: no VM has their source MAC (52:54:00:00:00:03 100)');
    expect(output.printed.join('\n')).toContain('conserved: every frame accounted for');
  });

  it('refuses a wrong configuration before it writes anything', async () => {
    const output = new WrittenLines();
    const wrong = join(folder, 'wrong.yaml');
    writeFileSync(wrong, host.replace('8Mbps', '8parsecs'));
    expect(await replayCommand(capture, { config: wrong, out: join(folder, 'never') }, output)).toBe(1);
    expect(output.told[0]).toBe('error: "8parsecs" is not a quantity in bps');
    expect(() => readFileSync(join(folder, 'never', 'decisions.jsonl'))).toThrow('ENOENT');
  });

  it('names a capture that is not there', async () => {
    await expect(
      replayCommand(join(folder, 'none.pcap'), { config, out: join(folder, 'x') }, new WrittenLines()),
    ).rejects.toThrow(/FAIRLEAD_ERR_CAPTURE_FORMAT/);
  });
});
