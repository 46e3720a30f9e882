import { describe, expect, it } from 'vitest';
import { Countdown } from '../../src/path/meter.ts';
import { everyCall, HandProbe } from '../given/cost-probe.ts';
import { ALL_WELL, admitting, OneLoop, selecting } from '../given/one-loop.ts';

/** A loop that measures every call, and gives one VM's frames to it one at a time. */
function given(about: (probe: HandProbe) => ConstructorParameters<typeof OneLoop>[0], probe = new HandProbe()) {
  const loop = new OneLoop({ ...about(probe), sampling: everyCall(probe) });
  const batches = (count: number): void => {
    for (let i = 0; i < count; i++) {
      loop.offerMarks(0, i);
      loop.sweep();
    }
  };
  return { loop, batches };
}

describe('what a plugin costs', () => {
  it('is counted by hook, with mean, quantiles and the longest call', () => {
    const spent = [1, 1, 1, 1, 1, 1, 1, 1, 1, 11];
    let call = 0;
    const { loop, batches } = given((probe) => ({
      admission: admitting(() => probe.spendUs(spent[call++ % 10] as number)),
      distribution: selecting((batch) => {
        probe.spendUs(3);
        batch.nic[0] = 1;
      }),
    }));
    batches(100);
    const [admit, select] = loop.outside.costs.read();
    expect(admit).toMatchObject({ worker: 0, plugin: 'admission', hook: 'admit', nic: -1, samples: 100, meanUs: 2 });
    // 1 µs lies in the bucket of 512 to 1023 ns and of 1024 ns on: 1000 ns in the former, 11,000 ns in that from 8192 on.
    expect(admit.p50Us).toBeCloseTo(0.512 * (1 + 50 / 90), 5);
    expect(admit.p99Us).toBe(11);
    expect(admit.maxUs).toBe(11);
    expect(select).toMatchObject({ plugin: 'distribution', hook: 'select', samples: 100, meanUs: 3, maxUs: 3 });
    const sends = loop.outside.costs.read().filter(({ hook }) => hook === 'send');
    expect(sends.map(({ plugin, nic, samples }) => [plugin, nic, samples])).toEqual([['hand1', 1, 100]]);
  });

  it('begins anew when another plugin takes the place', () => {
    let calls = 0;
    const { loop, batches } = given((probe) => ({
      admission: admitting(() => {
        probe.spendUs(5);
        if (++calls > 10) throw new Error('broken');
      }),
    }));
    batches(15);
    expect(loop.outside.costs.read()[0]).toMatchObject({ plugin: 'admit-all', hook: 'admit', samples: 5, maxUs: 0 });
  });
});

describe('a budget of time', () => {
  it('stands a long call now and then', () => {
    let call = 0;
    const { loop, batches } = given((probe) => ({
      admission: admitting(() => probe.spendUs(call++ % 9 < 4 ? 10_000 : 1)),
      budget: { batchUs: 20 },
    }));
    batches(500);
    expect(loop.faults).toEqual([]);
  });

  it('is broken when five of the last nine samples are above it, and then said to be by how much', () => {
    let call = 0;
    const { loop, batches } = given((probe) => ({
      admission: admitting(() => probe.spendUs(++call > 20 ? 35 : 1)),
      fallbackAdmission: admitting(() => undefined),
      budget: { batchUs: 20 },
    }));
    batches(24);
    expect(loop.faults).toEqual([]);
    batches(1);
    expect(loop.faults).toEqual([
      expect.objectContaining({
        plugin: 'admission',
        hook: 'admit',
        fallback: 'second-admission',
        cost: { used: 35, allowed: 20, unit: 'us' },
      }),
    ]);
    expect(loop.faults[0].error.code).toBe('FAIRLEAD_ERR_PLUGIN_BUDGET');
    batches(5);
    expect(loop.nics[0].sent).toHaveLength(30);
    expect(loop.wrongs()).toEqual(ALL_WELL);
  });

  it('holds for the last resort never, and for a fallback as for the policy', () => {
    const { loop, batches } = given((probe) => ({
      admission: admitting(() => probe.spendUs(50)),
      fallbackAdmission: admitting(() => probe.spendUs(60)),
      budget: { batchUs: 20 },
    }));
    batches(40);
    expect(loop.faults.map(({ plugin, cost }) => [plugin, cost?.used])).toEqual([
      ['admission', 50],
      ['second-admission', 60],
    ]);
  });

  it('of a driver takes its NIC down, and what it has sent counts as sent', () => {
    const probe = new HandProbe();
    const { loop, batches } = given(() => ({ driverBudget: { batchUs: 100 } }), probe);
    const [nic] = loop.nics;
    nic.sending = (burst) => {
      probe.spendUs(200);
      return burst.count;
    };
    batches(5);
    expect(loop.driverFaults).toEqual([{ nic: 0, hook: 'send' }]);
    expect(loop.driverCauses[0]).toMatchObject({ code: 'FAIRLEAD_ERR_PLUGIN_BUDGET', cost: { used: 200 } });
    expect(loop.arena.nics.txFrames[0]).toBe(5);
  });
});

describe('a budget of memory', () => {
  it('is broken by what sampled calls have taken together; garbage that is collected meanwhile counts as nothing', () => {
    let call = 0;
    const { loop, batches } = given((probe) => ({
      admission: admitting(() => probe.takeBytes(++call % 2 === 0 ? -5000 : 400)),
      budget: { memoryBytes: 2000 },
    }));
    batches(10);
    expect(loop.faults).toEqual([]);
    batches(1);
    expect(loop.faults[0]).toMatchObject({ cost: { used: 2400, allowed: 2000, unit: 'bytes' }, fallback: 'admit-all' });
    expect(loop.faults[0].error.code).toBe('FAIRLEAD_ERR_PLUGIN_BUDGET');
  });
});

describe('when a call is measured', () => {
  const distances = (every: number, seed: number, samples: number): number[] => {
    const countdown = new Countdown({ every, seed }, 0);
    return Array.from({ length: samples }, () => {
      const { left } = countdown;
      countdown.again();
      return left;
    });
  };

  it('is drawn anew each time, from half of the period to one and a half, and is the period on average', () => {
    const drawn = distances(1024, 7, 4000);
    expect(Math.min(...drawn)).toBeGreaterThan(512);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(1536);
    expect(drawn.reduce((sum, one) => sum + one, 0) / 4000).toBeCloseTo(1024, -2);
    expect(new Set(drawn).size).toBeGreaterThan(900);
  });

  it('is the same again with the same seed', () => {
    expect(distances(64, 3, 50)).toEqual(distances(64, 3, 50));
    expect(distances(64, 3, 50)).not.toEqual(distances(64, 4, 50));
  });

  it('is always with a period of one, and never with none', () => {
    expect(distances(1, 1, 3)).toEqual([1, 1, 1]);
    expect(distances(0, 1, 1)[0]).toBeGreaterThan(1e9);
  });
});
