import { afterEach, describe, expect, it } from 'vitest';
import type { WrittenHostConfig } from '../../src/config.ts';
import type { Host } from '../../src/host.ts';
import { type Ask, fractions, hold, powerHost, refusals } from '../given/powers.ts';
import { pass, told } from '../given/responders.ts';

let host: Host | undefined;
afterEach(async () => {
  await host?.close();
  host = undefined;
});

async function given(asks: readonly Ask[], change: Partial<WrittenHostConfig> = {}): Promise<Host> {
  host = await powerHost(asks, change);
  return host;
}

describe('a VM that is slowed by two actions', () => {
  /** The first chain acts from 0 to 300 ms, the second from 100 to 200. */
  const signals = [
    { forMs: 0, ttlMs: 300 },
    { forMs: 100, ttlMs: 100 },
  ].map((times, i) => ({
    on: 'nic-down' as const,
    vms: ['vm0'],
    coolDownMs: 3_600_000,
    ...times,
    responders: [{ use: `ask${i}` }],
  }));

  it.each([
    { first: 0.5, second: 0.2, fractions: [0.5, 0.2, 0.5, 1] },
    { first: 0.2, second: 0.5, fractions: [0.2, 0.2, 1] },
  ])('has what the stricter one leaves it: $first and $second', async ({ first, second, fractions: expected }) => {
    const running = await given([(c) => c.throttle(0, first), (c) => c.throttle(0, second)], { signals });
    await hold(running);
    await pass(running, 350);
    expect(fractions).toEqual(expected);
  });

  it('stays as slow as an operator made it', async () => {
    const running = await given([(c) => c.throttle(0, 0.5)]);
    await running.vms.throttle('vm0', 0.3);
    await hold(running);
    await hold(running, false);
    expect(fractions).toEqual([0.3, 0.3, 0.3]);
  });

  it('is given its time back when the hypervisor answers again, and the record says that it did not', async () => {
    const running = await given([(c) => c.throttle(0, 0.5)]);
    await hold(running);
    refusals.push(...[1, 2, 3].map(() => new Error('gone')));
    await hold(running, false);
    const trouble = 'throttle of VM "vm0" failed: gone; it is tried again until it succeeds';
    expect(running.signals.history()).toMatchObject([{ state: 'over', trouble }]);
    await pass(running, 1900);
    expect(fractions).toEqual([0.5]);
    await pass(running, 1200);
    expect([fractions, refusals]).toEqual([[0.5, 1], []]);
  });
});

describe('a responder that asks for what makes no sense', () => {
  it.each<[string, Ask]>([
    ['0 is no fraction', (c) => c.throttle(0, 0)],
    ['NaN is no fraction', (c) => c.throttle(0, Number.NaN)],
    ['-1 us', (c) => c.delayInterrupts(0, -1)],
    ['60000001 us', (c) => c.delayInterrupts(0, 60_000_001)],
    ['0 bit/s', (c) => c.limitRate(0, { inboundBps: 0 })],
    ['NaN bit/s', (c) => c.limitRate(0, { outboundBps: Number.NaN })],
    ['there is no team "elsewhere"', (c) => c.failover(0, 'elsewhere')],
    ['the signal is not about VM number 1', (c) => c.throttle(1, 0.5)],
    ['the signal is not about VM number 1', (c) => c.delayInterrupts(1, 5)],
    ['the signal is not about VM number 1', (c) => c.limitRate(1, { inboundBps: 5 })],
    ['the signal is not about VM number 1', (c) => c.failover(1, 'away')],
  ])('is refused: %s', async (why, ask) => {
    const running = await given([ask]);
    await hold(running);
    expect(running.signals.history()).toMatchObject([{ state: 'withheld', rejected: [expect.stringContaining(why)] }]);
    expect([fractions, running.arena.vms.rxDelayUs[0], running.arena.vms.awayFrom[0]]).toEqual([[], 0, 0]);
  });
});

describe('what was done to a VM', () => {
  const everything: Ask = async (c) => {
    await c.suspend(0);
    await c.throttle(0, 0.5);
    await c.delayInterrupts(0, 1000);
    await c.limitRate(0, { inboundBps: 1e6, outboundBps: 2e6 });
    await c.failover(0, 'away');
  };
  const marksOf = ({ arena: { vms }, vms: manager }: Host) => [
    manager.status('vm0').state,
    fractions.at(-1) ?? 1,
    vms.rxDelayUs[0],
    vms.policedInboundBps[0],
    vms.policedOutboundBps[0],
    vms.team[0],
  ];
  const untouched = ['running', 1, 0, 0, 0, 0];

  it('is given back when its action ends, though the responder forgets all of it', async () => {
    const running = await given([everything]);
    await hold(running);
    expect(marksOf(running)).toEqual(['suspended', 0.5, 1000, 1e6, 2e6, 1]);
    await hold(running, false);
    expect(marksOf(running)).toEqual(untouched);
  });

  it('is given back when the responder fails half-way', async () => {
    const running = await given([
      async (c) => {
        await everything(c);
        throw new Error('and now?');
      },
    ]);
    await hold(running);
    expect(told(running)).toEqual(['withheld none vm0 by nobody: no responder did anything']);
    expect(marksOf(running)).toEqual(untouched);
  });

  it('is given back when the host closes', async () => {
    const running = await given([everything]);
    await hold(running);
    await running.close();
    expect(marksOf(running)).toEqual(untouched);
  });

  it('is nothing at all when the chain only says what it would do', async () => {
    const running = await given([everything], {
      signals: [{ on: 'nic-down', vms: ['vm0'], dryRun: true, responders: [{ use: 'ask0' }] }],
    });
    await hold(running);
    expect(running.signals.actions()).toMatchObject([{ action: 'act', dryRun: true }]);
    expect([marksOf(running), fractions]).toEqual([untouched, []]);
  });
});
