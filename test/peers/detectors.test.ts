import entropy from '@fairlead/detector-entropy';
import heavyHitters from '@fairlead/detector-heavy-hitters';
import spread from '@fairlead/detector-spread';
import synFlood from '@fairlead/detector-syn-flood';
import volume from '@fairlead/detector-volume';
import type { Detector } from '@fairlead/sdk';
import { createInstance, ManualClock, testVms } from '@fairlead/sdk/testing';
import { expect, it } from 'vitest';
import { BusyWorker } from './support/busy-worker.ts';
import { type Extra, VmTraffic } from './support/vm-traffic.ts';

const WINDOW_US = 1e6;

/** Floors of a tenth of the default, lest they hide what the detectors make of the traffic; all else is the default. */
function detectors(vms: number) {
  const clock = new ManualClock();
  const parts = { vms: testVms(Array.from({ length: vms }, () => ({}))), clock };
  const all: Readonly<Record<string, Detector>> = {
    volume: createInstance(volume, { floorBps: 5e6, floorFps: 1000, floorFlowsPerS: 50 }, parts),
    'syn-flood': createInstance(synFlood, {}, parts),
    'heavy-hitters': createInstance(heavyHitters, { floorFps: 2000 }, parts),
    entropy: createInstance(entropy, { floorFrames: 200 }, parts),
    spread: createInstance(spread, {}, parts),
  };
  return { all, clock, names: Object.keys(all), each: Object.values(all) };
}

/** How often each detector has signalled each VM: in how many windows, and the first of them, counted from 1. */
function watch(
  traffic: readonly VmTraffic[],
  { all, each, clock }: ReturnType<typeof detectors>,
  windows: number,
  busy?: BusyWorker,
) {
  const said = new Map(Object.keys(all).map((name) => [name, { windows: 0, first: 0, direction: '' }]));
  for (let window = 1; window <= windows; window++) {
    const shown = busy?.window();
    for (const vm of traffic) {
      vm.window((batch) => {
        for (const detector of each) detector.observe(batch);
      }, shown);
    }
    const nowUs = clock.advance(WINDOW_US);
    for (const [name, detector] of Object.entries(all)) {
      const signals = detector.judge(nowUs);
      const about = said.get(name) as { windows: number; first: number; direction: string };
      about.windows += new Set(signals.map(({ vm }) => vm)).size;
      if (signals.length > 0 && about.first === 0) about.first = window;
    }
  }
  return said;
}

/** Connections of each VM in a window, and windows that it is watched. */
const CLEAN = [2, 30, 100, 200];
const WINDOWS_EACH = 2600;

it('has at most one false alarm of each detector in 10,000 windows of mixed clean traffic', {
  timeout: 120_000,
}, () => {
  const traffic = CLEAN.map((connections, vm) => new VmTraffic(vm, connections, 11 + vm));
  const said = watch(traffic, detectors(CLEAN.length), WINDOWS_EACH);
  expect(WINDOWS_EACH * CLEAN.length).toBeGreaterThanOrEqual(10_000);
  expect(Object.fromEntries([...said].map(([name, { windows }]) => [name, windows]))).toEqual({
    volume: 0,
    'syn-flood': 0,
    'heavy-hitters': 0,
    entropy: 0,
    spread: 0,
  });
});

const BASELINE = 100;
const LEARNT = 150;
const SEEDS = [1, 2, 3];

const ATTACKS: readonly (readonly [string, Extra | undefined])[] = [
  ['SYN flood, total 2x the baseline', { kind: 'syn-flood', perWindow: BASELINE }],
  ['SYN flood, total 10x', { kind: 'syn-flood', perWindow: 9 * BASELINE }],
  ['SYN flood of the VM, 2x', { kind: 'syn-flood-out', perWindow: BASELINE }],
  ['SYN flood of the VM, 10x', { kind: 'syn-flood-out', perWindow: 9 * BASELINE }],
  ['UDP flood, one source', { kind: 'udp-one-source', perWindow: 20_000 }],
  ['UDP flood, made-up sources', { kind: 'udp-made-up', perWindow: 20_000 }],
  ['scan by the VM', { kind: 'scan', perWindow: 2000 }],
  ['flash crowd, 10x', { kind: 'crowd', perWindow: 9 * BASELINE }],
  ['flash crowd, 20x', { kind: 'crowd', perWindow: 19 * BASELINE }],
];

it('signals attacks in these windows, and no crowd', { timeout: 120_000 }, () => {
  const { names } = detectors(1);
  const rows = ATTACKS.map(([what, extra]) => {
    const firsts = SEEDS.map((seed) => {
      const vm = new VmTraffic(0, BASELINE, seed);
      const watching = detectors(1);
      watch([vm], watching, LEARNT);
      vm.extra = extra;
      return watch([vm], watching, 20);
    });
    const worst = names.map((name) => {
      const all = firsts.map((said) => said.get(name)?.first ?? 0);
      return all.every((first) => first === 0) ? '-' : all.map((first) => first || '-').join(',');
    });
    return [what.padEnd(34), ...worst.map((cell, i) => cell.padEnd(names[i].length + 2))].join('');
  });
  expect(['', ''.padEnd(34) + names.join('  '), ...rows].map((row) => row.trimEnd()).join('\n')).toMatchInlineSnapshot(`
    "
                                      volume  syn-flood  heavy-hitters  entropy  spread
    SYN flood, total 2x the baseline  -       3,2,2      -              -        -
    SYN flood, total 10x              3,3,3   1,1,1      -              -        -
    SYN flood of the VM, 2x           -       1,1,1      -              -        -
    SYN flood of the VM, 10x          3,3,3   1,1,1      -              -        -
    UDP flood, one source             3,3,3   -          3,3,3          2,2,2    -
    UDP flood, made-up sources        3,3,3   -          -              -        1,1,1
    scan by the VM                    3,3,3   1,1,1      -              -        1,1,1
    flash crowd, 10x                  -       -          -              -        -
    flash crowd, 20x                  -       -          -              -        -"
  `);
});

it('has no false alarm in 400 windows of clean traffic on a busy worker', { timeout: 120_000 }, () => {
  const traffic = CLEAN.map((connections, vm) => new VmTraffic(vm, connections, 11 + vm));
  const said = watch(traffic, detectors(CLEAN.length), 400, new BusyWorker(5));
  expect(Object.fromEntries([...said].map(([name, { windows }]) => [name, windows]))).toEqual({
    volume: 0,
    'syn-flood': 0,
    'heavy-hitters': 0,
    entropy: 0,
    spread: 0,
  });
});

it('signals attacks on a busy worker in these windows, and no crowd', { timeout: 120_000 }, () => {
  const { names } = detectors(1);
  const rows = ATTACKS.map(([what, extra]) => {
    const firsts = SEEDS.map((seed) => {
      const vm = new VmTraffic(0, BASELINE, seed);
      const watching = detectors(1);
      const busy = new BusyWorker(seed);
      watch([vm], watching, LEARNT, busy);
      vm.extra = extra;
      return watch([vm], watching, 20, busy);
    });
    const worst = names.map((name) => {
      const all = firsts.map((said) => said.get(name)?.first ?? 0);
      return all.every((first) => first === 0) ? '-' : all.map((first) => first || '-').join(',');
    });
    return [what.padEnd(34), ...worst.map((cell, i) => cell.padEnd(names[i].length + 2))].join('');
  });
  expect(['', ''.padEnd(34) + names.join('  '), ...rows].map((row) => row.trimEnd()).join('\n')).toMatchInlineSnapshot(`
    "
                                      volume  syn-flood  heavy-hitters  entropy  spread
    SYN flood, total 2x the baseline  -       3,2,2      -              -        -
    SYN flood, total 10x              3,3,3   1,1,1      -              -        -
    SYN flood of the VM, 2x           -       1,1,1      -              -        -
    SYN flood of the VM, 10x          6,3,3   1,1,1      -              -        -
    UDP flood, one source             3,3,3   -          3,3,3          -        -
    UDP flood, made-up sources        3,3,3   -          -              -        1,1,1
    scan by the VM                    3,3,3   1,1,1      -              -        -
    flash crowd, 10x                  -       -          -              -        -
    flash crowd, 20x                  -       -          -              -        -"
  `);
});
