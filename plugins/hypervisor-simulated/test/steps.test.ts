import { isFairleadError, type MigrationSteps, type VmRef, type VmStatus } from '@fairlead/sdk';
import { createInstance, ManualClock } from '@fairlead/sdk/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import plugin, { type SimulatedHypervisor } from '../src/index.ts';
import { preCopyRounds } from '../src/pre-copy.ts';

const VM: VmRef = { index: 0, name: 'a' };
type Options = Partial<ConstructorParameters<typeof SimulatedHypervisor>[0]>;
const BASE = { latencyMs: 0, downtimeMs: 20, memoryBytes: 0, bandwidthBps: 8e9, dirtyBps: 0, mostRounds: 30 };

let clock: ManualClock;
let a: SimulatedHypervisor;
let b: SimulatedHypervisor;
const lines: string[] = [];

function make(options: Options): SimulatedHypervisor {
  return createInstance(plugin, options, { clock }) as SimulatedHypervisor;
}

beforeEach(() => {
  clock = new ManualClock();
  lines.length = 0;
  b = make({ host: 'host-b' });
});
afterEach(() => Promise.all([a.close(), b.close()]));

async function from(options: Options): Promise<void> {
  a = make({ host: 'host-a', ...options });
  await a.start(VM);
}

async function turn(): Promise<void> {
  for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve));
}

async function pass(ms: number): Promise<void> {
  await turn(); // for what has just been called
  for (let done = 0; done < ms; done++) {
    clock.advance(1000);
    await turn();
  }
}

const at = (): number => clock.nowUs() / 1000;
const states = async (): Promise<VmStatus[]> => [await a.status(VM), await b.status(VM)];

const steps: MigrationSteps = {
  switchover: async () => void lines.push(`${at()} switchover`),
  progress: (fraction) => void lines.push(`${at()} ${fraction}`),
  took: ({ downtimeMs, totalMs }) => void lines.push(`${at()} took ${totalMs}, down ${downtimeMs}`),
};

async function expectRefused(call: Promise<unknown>, why: string): Promise<void> {
  const error: unknown = await call.then(
    () => new Error('it succeeded'),
    (caught: unknown) => caught,
  );
  expect(String(error)).toContain(why);
  expect(isFairleadError(error) && error.code).toBe('FAIRLEAD_ERR_HYPERVISOR');
}

describe('a simulated migration with steps', () => {
  it('copies memory, has the VM change hands, and runs it there after the downtime, all by the clock', async () => {
    await from({ memoryBytes: 100e6, bandwidthBps: 8e9, downtimeMs: 20 }); // 100 ms of copying
    const call = a.migrate(VM, 'host-b', steps);
    await pass(110);
    expect(await states()).toEqual(['migrating', 'stopped']);
    await pass(10);
    await call;
    expect(await states()).toEqual(['migrated', 'running']);
    expect(lines).toEqual([...['25 0.25', '50 0.5', '75 0.75', '100 1', '100 switchover'], '120 took 120, down 20']);
  });

  it('waits for the switchover, however long it takes', async () => {
    await from({ downtimeMs: 5 });
    let handOver = (): void => {};
    const switchover = (): Promise<void> => new Promise((resolve) => (handOver = resolve));
    const call = a.migrate(VM, 'host-b', { ...steps, switchover });
    await pass(50);
    expect(await states()).toEqual(['migrating', 'stopped']);
    handOver();
    await turn();
    await pass(5);
    await call;
    expect(lines).toEqual(['55 took 55, down 55']);
  });

  it.each([
    ['a VM that writes nothing, in one round', {}, true, [12_500]],
    ['one that is suspended', { dirtyBps: 4e9 }, false, [12_500]],
    [
      'one that writes half as fast, each round half as long',
      { dirtyBps: 4e9, downtimeMs: 2 },
      true,
      [12_500, 6250, 3125],
    ],
    ['one without memory, in no round', { memoryBytes: 0 }, true, []],
    ['one that writes as fast, never', { dirtyBps: 8e9 - 1, downtimeMs: 1 }, true, undefined],
  ])('copies %s', (_, options, isRunning, us) => {
    const rounds = preCopyRounds({ ...BASE, memoryBytes: 12_500_000, ...options }, isRunning);
    expect(rounds?.map((round) => round.us)).toEqual(us);
  });

  it('is called off when the VM writes faster than it is copied', async () => {
    await from({ memoryBytes: 1e6, bandwidthBps: 1e9, dirtyBps: 2e9 });
    await expectRefused(a.migrate(VM, 'host-b', steps), 'faster than that is copied');
    expect([await states(), lines]).toEqual([['running', 'stopped'], []]);
  });

  it.each([
    ['copy', 0],
    ['switch', 1],
  ] as const)('that dies after %s leaves the VM running here', async (stage, switchovers) => {
    await from({});
    a.failNext(stage, new Error('out of luck'));
    await expectRefused(a.migrate(VM, 'host-b', steps), 'out of luck');
    expect([await states(), lines.length]).toEqual([['running', 'stopped'], switchovers]);
    await a.migrate(VM, 'host-b', steps);
    expect(await states()).toEqual(['migrated', 'running']);
  });

  it('is called off by a switchover that rejects', async () => {
    await from({});
    const switchover = (): Promise<void> => Promise.reject(new Error('owned by another'));
    await expectRefused(a.migrate(VM, 'host-b', { switchover }), 'owned by another');
    expect(await states()).toEqual(['running', 'stopped']);
  });

  it('is called off when the destination refuses, or vanishes on the way', async () => {
    await from({ downtimeMs: 10 });
    b.failNext('arrive', new Error('no room'));
    const refusedCall = a.migrate(VM, 'host-b', steps).catch((error: Error) => error.message);
    await pass(10);
    expect(await refusedCall).toContain('host-b did not take it: no room');

    const release = a.holdNext('copy');
    const vanished = a.migrate(VM, 'host-b', steps).catch((error: Error) => error.message);
    await turn();
    await b.close();
    release();
    await pass(12);
    expect(await vanished).toContain('it has vanished');
    expect(await states()).toEqual(['running', 'stopped']);
  });

  it('has gone when nobody can be told how long it took', async () => {
    await from({ downtimeMs: 0 });
    const took = (): void => {
      throw new Error('full');
    };
    await a.migrate(VM, 'host-b', { ...steps, took });
    expect(await states()).toEqual(['migrated', 'running']);
  });
});

describe('a VM that comes to a simulated host', () => {
  beforeEach(() => from({ downtimeMs: 0 }));

  it('is waited for, and has come when it runs here', async () => {
    expect(await b.receive(VM)).toBe('host-b');
    let come = false;
    const arrival = b.arrived(VM).then(() => (come = true));
    await turn();
    expect(come).toBe(false);
    await a.migrate(VM, await b.receive(VM));
    await arrival;
    await b.arrived(VM); // it is here
    expect(await states()).toEqual(['migrated', 'running']);
    await expectRefused(b.receive(VM), 'it is running');
    await expectRefused(b.dismiss(VM), 'it has come');
  });

  it('that is dismissed is not taken, until it is received again', async () => {
    await b.receive(VM);
    const arrival = b.arrived(VM);
    await b.dismiss(VM);
    await b.dismiss(VM);
    await expectRefused(arrival, 'it was dismissed');
    await expectRefused(b.arrived(VM), 'it was not asked to come');
    await expectRefused(a.migrate(VM, 'host-b'), 'it is not expected any more');
    await a.migrate(VM, await b.receive(VM));
    expect(await states()).toEqual(['migrated', 'running']);
  });

  it('is not waited for by a host that is closed, nor received by one without a name', async () => {
    await b.receive(VM);
    const arrival = b.arrived(VM).catch((error: Error) => error);
    await turn();
    await b.close();
    expect(String(await arrival)).toContain('cannot await a: the hypervisor was closed');
    const nameless = make({});
    await expectRefused(nameless.receive(VM), 'no name to migrate to');
    await nameless.close();
  });

  it('may be failed and held in each of these calls', async () => {
    for (const hook of ['receive', 'arrived', 'dismiss'] as const) {
      b.failNext(hook, new Error(`no ${hook}`));
      await expectRefused(b[hook](VM), `no ${hook}`);
    }
  });
});
