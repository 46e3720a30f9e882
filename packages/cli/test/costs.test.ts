import { describe, expect, it } from 'vitest';
import { costLines } from '../src/view/costs.ts';

const cost = { worker: 0, plugin: 'pending-load', hook: 'select', nic: -1, samples: 12 } as const;

describe('what the plugins cost', () => {
  it('is a line for each plugin and hook, with the NIC of a driver', () => {
    const figures = { meanUs: 1.234, p50Us: 1, p99Us: 3.5, maxUs: 20 };
    const lines = costLines(
      [
        { ...cost, ...figures },
        { ...cost, ...figures, plugin: 'memory', hook: 'send', nic: 1, worker: 2 },
      ],
      ['left', 'right'],
    );
    expect(lines).toEqual([
      'µs a call                       samples      mean       p50       p99       max',
      'pending-load.select, worker 0        12      1.23      1.00      3.50     20.00',
      'memory.send (right), worker 2        12      1.23      1.00      3.50     20.00',
    ]);
  });

  it('is nothing when nothing was sampled', () => {
    expect(costLines([], [])).toEqual([]);
  });
});
