import type { HookCost } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { History } from '../src/live/history.ts';
import { type Rates, ratesBetween } from '../src/live/rates.ts';
import type { Sample } from '../src/live/sample.ts';
import { rateJson, rateLine } from '../src/view/lines.ts';
import { renderScreen } from '../src/view/screen.ts';

function sampleAt(atUs: number, bytes: number): Sample {
  const drops = new Float64Array(11);
  drops[5] = 12;
  return {
    atUs,
    drops,
    vms: [
      {
        name: 'web',
        state: 'running',
        offeredBytes: bytes * 2,
        txBytes: bytes,
        rxBytes: bytes,
        backlogFrames: 256,
        droppedFrames: 12,
        limitBps: 40e6,
      },
      {
        name: 'a-vm-with-a-long-name',
        state: 'suspended',
        offeredBytes: undefined,
        txBytes: 0,
        rxBytes: 0,
        backlogFrames: 0,
        droppedFrames: 0,
        limitBps: Number.POSITIVE_INFINITY,
      },
    ],
    nics: [
      {
        name: 'fast',
        state: 'up',
        speedBps: 100e6,
        txBytes: bytes,
        rxBytes: bytes,
        pendingBytes: 3028,
        droppedFrames: 0,
      },
      { name: 'slow', state: 'down', speedBps: 25e6, txBytes: 0, rxBytes: 0, pendingBytes: 0, droppedFrames: 0 },
    ],
  };
}

const rates = ratesBetween(sampleAt(1e6, 0), sampleAt(3e6, 10e6));
const frame = {
  title: 'fairlead demo',
  rates,
  events: [{ event: 'nic', seconds: 2.04, text: 'NIC slow is down: link down', grave: true }] as const,
  costs: [],
  keys: 'q quits',
};
const textOf = (columns: number, rows: number, of: { rates?: Rates; costs?: readonly HookCost[] } = {}): string =>
  renderScreen({ ...frame, ...of }, columns, rows)
    .map(({ text }) => text)
    .join('\n');

describe('the live screen', () => {
  it('shows VMs, NICs, totals, drops and events in 80 columns', () => {
    expect(textOf(80, 24)).toBe(`fairlead demo                                                                3 s

VM        state       wants   sends   limit    gets waiting dropped  served
web       running     80.0M   40.0M   40.0M   40.0M     256      12  █████▌·····
a-vm-wit… suspended               0       –       0       0       0

NIC       state       speed   sends            gets waiting dropped  load
fast      up         100.0M   40.0M     40%   40.0M  3.0KiB       0  ████▍······
slow      down        25.0M       0      0%       0       0       0  ···········

all: sends 40.0M gets 40.0M bit/s, 256 frames waiting
dropped: ring-full 12

2.0 s  NIC slow is down: link down



q quits`);
  });

  it('never has a line longer than the terminal, nor more lines than it has', () => {
    for (const [columns, rows] of [
      [80, 24],
      [79, 10],
      [20, 5],
      [200, 60],
      [1, 1],
    ] as const) {
      const lines = textOf(columns, rows).split('\n');
      expect(lines.length).toBeLessThanOrEqual(rows);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    }
  });

  it('gives names the room of a wider terminal', () => {
    expect(textOf(100, 24)).toContain('a-vm-with-a-long-name');
  });

  it('says how many VMs do not fit', () => {
    const many = {
      ...rates,
      vms: Array.from({ length: 100 }, (_, i) => ({ ...rates.vms[0], name: `vm${i}` }) as Rates['vms'][number]),
    };
    const text = textOf(80, 24, { rates: many });
    expect(text.split('\n')).toHaveLength(24);
    expect(text).toMatch(/… and 9\d more VMs/);
    expect(text).toContain('slow      down');
    expect(text).toContain('q quits');
  });

  describe('says what the plugins cost', () => {
    const cost = { worker: 0, nic: -1, samples: 1234, p50Us: 0.5, p99Us: 3.25, maxUs: 41 };
    const costs: HookCost[] = [
      { ...cost, plugin: 'shaping-filter', hook: 'admit', meanUs: 0.61 },
      { ...cost, plugin: 'a-distribution-with-a-long-name', hook: 'select', meanUs: 0.72 },
      { ...cost, plugin: 'af-packet', hook: 'send', nic: 1, meanUs: 22.5 },
    ];
    const below = (text: string): string[] => {
      const lines = text.split('\n');
      const from = lines.findIndex((line) => line.startsWith('µs a call'));
      return from < 0 ? [] : lines.slice(from, lines.indexOf('', from));
    };

    it('where there is room, the costliest call first', () => {
      const text = textOf(80, 24, { costs });
      expect(text.split('\n')).toHaveLength(23);
      expect(below(text)).toEqual([
        'µs a call                        samples      mean       p50       p99       max',
        'af-packet.send (slow), worker…      1234     22.50      0.50      3.25     41.00',
        'a-distribution-with-a-long-na…      1234      0.72      0.50      3.25     41.00',
        'shaping-filter.admit, worker 0      1234      0.61      0.50      3.25     41.00',
      ]);
      expect(text).toContain('2.0 s  NIC slow is down');
      expect(text).toContain('q quits');
    });

    it('as far as there is room, and not at all before it has any', () => {
      expect(below(textOf(80, 22, { costs })).slice(1)).toEqual([
        'af-packet.send (slow), worker…      1234     22.50      0.50      3.25     41.00',
        '… and 2 more calls',
      ]);
      expect(below(textOf(80, 20, { costs }))).toEqual([]);
      expect(textOf(80, 20, { costs })).toBe(textOf(80, 20));
    });

    it('and nothing of it before anything was sampled', () => {
      expect(below(textOf(80, 50))).toEqual([]);
    });
  });

  it('marks a NIC that is down', () => {
    const tones = renderScreen(frame, 80, 24)
      .filter(({ text }) => text.startsWith('slow'))
      .map(({ tone }) => tone);
    expect(tones).toEqual(['bad']);
  });
});

describe('without a terminal', () => {
  it('the rates are one line of text', () => {
    expect(rateLine(rates)).toBe(
      '  3 s  sends 40.0M gets 40.0M  VMs web 40.0M/80.0M a-vm-with-a-long-name suspended  NICs fast 40.0M slow down  waiting 256  dropped ring-full 12',
    );
  });

  it('or one line of JSON, in which a limit that is none is left out', () => {
    const object = JSON.parse(rateJson(rates)) as { seconds: number; drops: unknown; vms: Record<string, unknown>[] };
    expect(object.seconds).toBe(3);
    expect(object.drops).toEqual({ 'ring-full': 12 });
    expect(object.vms[0]).toMatchObject({ name: 'web', txBps: 40e6, offeredBps: 80e6, limitBps: 40e6 });
    expect(object.vms[1]).not.toHaveProperty('limitBps');
  });
});

describe('rates', () => {
  it('are taken over the span of the history, however often one looks', () => {
    const history = new History(1e6);
    const seen: number[] = [];
    // 5 Mbyte a second, looked at four times a second; from the third second on nothing is sent.
    for (let i = 0; i <= 16; i++)
      seen.push(history.add(sampleAt(i * 250_000, Math.min(i, 12) * 1_250_000)).txBps / 1e6);
    expect(seen.slice(1, 13)).toEqual(Array.from({ length: 12 }, () => 40));
    expect(seen.slice(13)).toEqual([30, 20, 10, 0]);
  });

  it('are 0 between two samples of one time', () => {
    expect(ratesBetween(sampleAt(5, 0), sampleAt(5, 100)).txBps).toBe(0);
  });
});
