import type { ObservedBatch, Signal } from '@fairlead/sdk';
import { afterEach, describe, expect, it } from 'vitest';
import type { WrittenHostConfig } from '../../src/config.ts';
import type { Host } from '../../src/host.ts';
import type { HostFault } from '../../src/host-events.ts';
import type { SignalNotice } from '../../src/signals/signal-board.ts';
import { attack, detector, type Watch } from '../given/detectors.ts';
import { frame, macOf } from '../given/frames.ts';
import { guestOf, inlineHost } from '../given/inline-host.ts';

let host: Host | undefined;
afterEach(async () => {
  await host?.close();
  host = undefined;
});

/** A detector that goes wrong as told, between two that watch. Returns what came of it when 100 frames have passed. */
async function wrong(watch: Watch, more: Partial<WrittenHostConfig> & { budget?: object } = {}, parts = {}) {
  const seen = { first: 0, last: 0, bad: 0 };
  const count =
    (who: keyof typeof seen) =>
    (batch: ObservedBatch): undefined => {
      if (batch.direction === 'outbound') seen[who] += batch.count;
    };
  const bad: Watch = {
    ...watch,
    observe: (batch) => {
      count('bad')(batch);
      return watch.observe?.(batch);
    },
  };
  const plugins = [
    detector('first', { observe: count('first') }),
    detector('bad', bad),
    detector('last', { observe: count('last'), judge: (nowUs) => [attack(0, nowUs)] }),
  ];
  const { budget = {}, ...change } = more;
  const detectors = ['first', 'bad', 'last'].map((use) => ({ use, windowMs: 10, ...(use === 'bad' && { budget }) }));
  const running = await inlineHost({ detectors, ...change }, plugins, parts);
  host = running;
  const faults: HostFault[] = [];
  const notices: SignalNotice[] = [];
  running.on('fault', (fault) => faults.push(fault));
  running.on('signal', (notice) => notices.push(notice));
  for (let sent = 0; sent < 100; sent += 10) {
    for (let i = 0; i < 10; i++) guestOf(running, 'vm1').send(frame({ from: macOf(1) }));
    running.run(5000);
  }
  running.assertConserved();
  expect(running.arena.vms.transmittedFrames[1]).toBe(100);
  expect([seen.first, seen.last]).toEqual([100, 100]);
  return { host: running, faults, notices, seen };
}

const told = (faults: readonly HostFault[]): string[] =>
  faults.map(({ plugin, hook, code, fail, fallback, vm }) => `${plugin}.${hook} ${code} ${fail} ${fallback} ${vm}`);

describe('a detector that fails in the data path', () => {
  it('is put aside when it throws; the traffic and the other detectors go on', async () => {
    const { faults, seen } = await wrong({
      observe: () => {
        throw new Error('lost its table');
      },
    });
    expect(told(faults)).toEqual(['bad.observe FAIRLEAD_ERR_PLUGIN_THREW open nobody vm1']);
    expect(faults[0]?.message).toContain('lost its table');
    expect(faults[0]?.input).toMatchObject({ frames: 10, bytes: 640 });
    expect(seen.bad).toBe(10);
  });

  it('is put aside when it answers something, or a promise', async () => {
    const answering = (answer: unknown): Watch => ({ observe: () => answer as undefined });
    expect(told((await wrong(answering(1))).faults)).toEqual([
      'bad.observe FAIRLEAD_ERR_PLUGIN_ANSWER open nobody vm1',
    ]);
    await host?.close();
    const { faults } = await wrong(answering(Promise.reject(new Error('late'))));
    expect(told(faults)).toEqual(['bad.observe FAIRLEAD_ERR_PLUGIN_ASYNC open nobody vm1']);
  });

  it('is put aside when it writes to the frames, or to what it was told of them', async () => {
    const runtime = { kind: 'inline', sampleEvery: 1 } as const;
    const touching: Watch = { observe: ({ frames }) => void (frames.memory[frames.offset[0] as number]! ^= 0xff) };
    expect(told((await wrong(touching, { runtime })).faults)).toEqual([
      'bad.observe FAIRLEAD_ERR_PLUGIN_RANGE open nobody vm1',
    ]);
    await host?.close();
    const renaming: Watch = { observe: (batch) => void ((batch as { vm: number }).vm = 0) };
    expect(told((await wrong(renaming, { runtime })).faults)).toEqual([
      'bad.observe FAIRLEAD_ERR_PLUGIN_RANGE open nobody vm0',
    ]);
  });

  it('is put aside when it takes longer than its budget', async () => {
    let nowNs = 0;
    const probe = { nowNs: () => nowNs, heapBytes: () => 0 };
    const slow: Watch = { observe: () => void (nowNs += 60_000) };
    const runtime = { kind: 'inline', sampleEvery: 1 } as const;
    const { faults, seen } = await wrong(slow, { runtime, budget: { batchUs: 50 } }, { probe });
    expect(told(faults)).toEqual(['bad.observe FAIRLEAD_ERR_PLUGIN_BUDGET open nobody vm1']);
    expect(faults[0]?.cost).toEqual({ used: 60, allowed: 50, unit: 'us' });
    expect(seen.bad).toBe(50);
  });

  it('has its cost in the table of the host, each detector in a row of its own', async () => {
    let nowNs = 0;
    const probe = { nowNs: () => nowNs, heapBytes: () => 0 };
    const runtime = { kind: 'inline', sampleEvery: 1 } as const;
    const { host } = await wrong({ observe: () => void (nowNs += 3000) }, { runtime }, { probe });
    const costs = host.costs().filter(({ hook }) => hook === 'observe');
    expect(costs.map(({ plugin, meanUs, nic }) => `${plugin} ${meanUs} ${nic}`)).toEqual([
      'first 0 -1',
      'bad 3 -1',
      'last 0 -1',
    ]);
    expect(host.costs().some(({ hook }) => hook === 'send')).toBe(true);
  });
});

describe('a detector that judges wrongly', () => {
  const judging = (answer: unknown): Watch => ({ judge: () => answer as readonly Signal[] });
  const many = Array.from({ length: 65 }, () => attack(0, 0));
  const long = 'x'.repeat(257);
  const evidence = (one: object) => [attack(0, 0, { evidence: one as Signal['evidence'] })];

  it.each([
    ['nothing', null, 'ANSWER'],
    ['a promise', Promise.resolve([]), 'ASYNC'],
    ['no signal', [undefined], 'ANSWER'],
    ['an unknown kind', [{ ...attack(0, 0), kind: 'rain' }], 'ANSWER'],
    ['a VM that is not there', [attack(2, 0)], 'RANGE'],
    ['half a VM', [attack(0.5, 0)], 'RANGE'],
    ['a NIC that is not there', [attack(0, 0, { nic: -1 })], 'RANGE'],
    ['more than certainty', [attack(0, 0, { confidence: 1.1 })], 'RANGE'],
    ['no confidence', [attack(0, 0, { confidence: Number.NaN })], 'RANGE'],
    ['no time', [attack(0, 0, { atUs: Number.NaN })], 'ANSWER'],
    ['more signals than a host hears', many, 'RANGE'],
    ['no evidence', [{ ...attack(0, 0), evidence: undefined }], 'ANSWER'],
    ['evidence that is a function', evidence({ frames: () => 1 }), 'ANSWER'],
    ['evidence without end', evidence(Object.fromEntries(many.map((_, i) => [`m${i}`, i]))), 'RANGE'],
    ['a novel as evidence', evidence({ text: long }), 'RANGE'],
  ])('is put aside when it answers %s', async (_, answer, code) => {
    const { faults, host } = await wrong(judging(answer));
    expect(told(faults)).toEqual([`bad.judge FAIRLEAD_ERR_PLUGIN_${code} open nobody `]);
    expect(host.signals.heard().map(({ from }) => from)).toEqual(['last']);
  });

  it('is put aside when it throws, and what it had raised is over', async () => {
    let windows = 0;
    const { faults, notices } = await wrong({
      judge: (nowUs) => {
        if (++windows > 2) throw new Error('divided by nothing');
        return [attack(1, nowUs)];
      },
    });
    expect(told(faults)).toEqual(['bad.judge FAIRLEAD_ERR_PLUGIN_THREW open nobody ']);
    expect(notices.map(({ state, vm, signal }) => `${state} ${signal.from} ${vm}`)).toEqual([
      'began bad vm1',
      'began last vm0',
      'over bad vm1',
    ]);
  });

  it('is put aside when it takes longer than its budget', async () => {
    let nowNs = 0;
    const probe = { nowNs: () => nowNs, heapBytes: () => 0 };
    const slow: Watch = { judge: () => ((nowNs += 7e6), []) };
    const { faults } = await wrong(slow, { budget: { controlMs: 5 } }, { probe });
    expect(told(faults)).toEqual(['bad.judge FAIRLEAD_ERR_PLUGIN_BUDGET open nobody ']);
  });
});

it('a host goes on when its last detector is put aside', async () => {
  const bad = detector('bad', {
    observe: () => {
      throw new Error('no more');
    },
  });
  host = await inlineHost({ detectors: [{ use: 'bad' }] }, [bad]);
  for (let i = 0; i < 100; i++) guestOf(host, 'vm0').send(frame({ from: macOf(0), to: i % 2 ? macOf(1) : macOf(9) }));
  host.run(3_000_000);
  host.assertConserved();
  expect(host.arena.vms.transmittedFrames[0]).toBe(100);
  expect(guestOf(host, 'vm1').counters.receivedFrames).toBe(50);
});
