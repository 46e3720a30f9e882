import { use } from '@fairlead/core';
import loadRebalance from '@fairlead/load-distribution-load-rebalance';
import { describe, expect, it } from 'vitest';
import { frame, numberOf, sourceOf } from './requirements/support/frames.ts';
import { BYTE_PER_US, guest, MAC, nic, simulatedHost, started } from './requirements/support/hosts.ts';

describe('load-rebalance in a host whose NIC has more to send than it can', () => {
  it.each(['vm', 'bucket'] as const)(
    'by %s: moves under load, and no frame overtakes another of its flow',
    async (granularity) => {
      const options = { granularity, intervalMs: '100ms', thresholdPercent: 75 } as const;
      const host = await started(
        simulatedHost([10 * BYTE_PER_US, 10 * BYTE_PER_US], { a: {}, b: {}, c: {}, d: {} }).distribute(
          use(loadRebalance, options),
        ),
      );
      const moves: string[] = [];
      host.on('log', ({ message }) => message.endsWith('uneven load') && moves.push(message));
      const next: Record<string, number> = {};
      const faults: unknown[] = [];
      host.on('fault', (fault) => faults.push(fault));
      let [sent, seen] = [0, 0];
      const look = (): void => {
        // In the order in which the wires are looked at: what left earlier was seen earlier.
        for (const name of ['nic0', 'nic1']) {
          for (const bytes of nic(host, name).takeTransmitted(host.nowUs)) {
            const from = sourceOf(bytes);
            expect(numberOf(bytes)).toBe(next[from] ?? 0);
            next[from] = (next[from] ?? 0) + 1;
            seen++;
          }
        }
      };
      const number: Record<string, number> = {};
      for (let step = 0; step < 4000; step++) {
        // VMs a and c, which begin on one NIC, offer three quarters more than it carries; b and d hardly anything.
        for (const [vm, every] of Object.entries({ a: 1, b: 40, c: 1, d: 40 })) {
          if (step % every !== 0) continue;
          const name = vm as keyof typeof MAC;
          if (!guest(host, vm).send(frame(MAC[name], { number: number[vm] ?? 0, bytes: 900 }))) continue;
          number[vm] = (number[vm] ?? 0) + 1;
          sent++;
        }
        host.run(100);
        look();
      }
      for (let i = 0; i < 3000 && seen < sent; i++) {
        host.run(100);
        look();
      }
      expect([seen, faults]).toEqual([sent, []]);
      if (granularity === 'vm') expect(moves.length).toBeGreaterThan(0);
      host.assertConserved();
    },
  );
});
