import { isFairleadError, isPluginDefinition, type VmRef, type VmStatus } from '@fairlead/sdk';
import { createInstance, ManualClock } from '@fairlead/sdk/testing';
import { afterEach, describe, expect, it } from 'vitest';
import plugin, { registerDestination, type SimulatedHypervisor } from '../src/index.ts';

const VM: VmRef = { index: 3, name: 'a' };
type Options = Partial<ConstructorParameters<typeof SimulatedHypervisor>[0]>;
type Verb = 'start' | 'suspend' | 'resume' | 'stop';

const made: SimulatedHypervisor[] = [];
const clock = new ManualClock();
afterEach(async () => {
  for (const hypervisor of made.splice(0)) await hypervisor.close();
});

function make(options: Options = {}): SimulatedHypervisor {
  const hypervisor = createInstance(plugin, options, { clock }) as SimulatedHypervisor;
  made.push(hypervisor);
  return hypervisor;
}

/** Lets virtual time go by, a millisecond at a time, and what waits for it have its turn in between. */
async function pass(ms: number): Promise<void> {
  for (let done = 0; done < ms; done++) {
    clock.advance(1000);
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A hypervisor whose VM is in this state. */
async function having(status: VmStatus, options: Options = {}): Promise<SimulatedHypervisor> {
  const hypervisor = make(options);
  if (status !== 'stopped') await hypervisor.start(VM);
  if (status === 'suspended') await hypervisor.suspend(VM);
  if (status === 'migrated') await hypervisor.migrate(VM, 'away');
  expect(await hypervisor.status(VM)).toBe(status);
  return hypervisor;
}

async function refused(call: Promise<unknown>, why: string): Promise<void> {
  const error: unknown = await call.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(isFairleadError(error) && error.code).toBe('FAIRLEAD_ERR_HYPERVISOR');
  expect((error as Error).message).toContain(why);
}

describe('a simulated hypervisor', () => {
  it('is a plugin definition', () => {
    expect(isPluginDefinition(plugin)).toBe(true);
    expect([plugin.kind, plugin.name]).toEqual(['hypervisor', 'simulated']);
  });

  // State after each call; undefined: refused, and the state stays.
  it.each<[VmStatus, Record<Verb, VmStatus | undefined>]>([
    ['stopped', { start: 'running', suspend: undefined, resume: undefined, stop: 'stopped' }],
    ['running', { start: 'running', suspend: 'suspended', resume: 'running', stop: 'stopped' }],
    ['suspended', { start: undefined, suspend: 'suspended', resume: 'running', stop: 'stopped' }],
    ['migrated', { start: undefined, suspend: undefined, resume: undefined, stop: 'migrated' }],
  ])('does with a %s VM what a real one would', async (before, expected) => {
    for (const [verb, after] of Object.entries(expected) as [Verb, VmStatus | undefined][]) {
      const hypervisor = await having(before);
      if (after === undefined) await refused(hypervisor[verb](VM), `it is ${before}`);
      else await hypervisor[verb](VM);
      expect(await hypervisor.status(VM)).toBe(after ?? before);
    }
  });

  it('keeps each VM apart from the others', async () => {
    const hypervisor = await having('running');
    expect(await hypervisor.status({ index: 4, name: 'b' })).toBe('stopped');
  });

  it('throttles to a fraction, lifts it with 1 and with stop, and takes no other number', async () => {
    const hypervisor = await having('running');
    await hypervisor.throttle(VM, 0.2);
    await hypervisor.throttle(VM, 0.2);
    expect(hypervisor.cpuFraction(VM)).toBe(0.2);
    for (const wrong of [0, -1, 1.01, Number.NaN]) await refused(hypervisor.throttle(VM, wrong), 'not a fraction');
    expect(hypervisor.cpuFraction(VM)).toBe(0.2);
    await hypervisor.throttle(VM, 1);
    expect(hypervisor.cpuFraction(VM)).toBe(1);
    await hypervisor.throttle(VM, 0.5);
    await hypervisor.stop(VM);
    expect(hypervisor.cpuFraction(VM)).toBe(1);
    await refused(hypervisor.throttle(VM, 0.5), 'it is stopped');
  });

  it('fails a call when told to, once, and leaves the VM as it was', async () => {
    const hypervisor = await having('running');
    hypervisor.failNext('suspend', new Error('out of luck'));
    hypervisor.failNext('suspend');
    await refused(hypervisor.suspend(VM), 'out of luck');
    await refused(hypervisor.suspend(VM), 'injected failure');
    expect(await hypervisor.status(VM)).toBe('running');
    await hypervisor.suspend(VM);
    expect(await hypervisor.status(VM)).toBe('suspended');
  });

  it('holds a call until it is let go', async () => {
    const hypervisor = await having('running');
    const release = hypervisor.holdNext('suspend');
    const call = hypervisor.suspend(VM);
    expect(await hypervisor.status(VM)).toBe('running');
    release();
    await call;
    expect(await hypervisor.status(VM)).toBe('suspended');
  });

  it('takes the latency that it was given, by the clock of its host', async () => {
    const hypervisor = make({ latencyMs: 50 });
    let done = false;
    const call = hypervisor.start(VM).then(() => (done = true));
    await pass(49);
    expect(done).toBe(false);
    await pass(1);
    await call;
    expect(done).toBe(true);
  });
});

describe('a simulated migration', () => {
  it('runs the VM at the destination and no longer here', async () => {
    const [a, b] = [await having('running', { host: 'host-a' }), make({ host: 'host-b' })];
    await a.migrate(VM, 'host-b');
    expect([await a.status(VM), await b.status({ index: 0, name: 'a' })]).toEqual(['migrated', 'running']);
  });

  it('moves a suspended VM as suspended', async () => {
    const [a, b] = [await having('suspended'), make({ host: 'host-b' })];
    await a.migrate(VM, 'host-b');
    expect(await b.status(VM)).toBe('suspended');
  });

  it('to where the VM went already does nothing; to elsewhere it is refused', async () => {
    const arrived: string[] = [];
    const forget = registerDestination('host-c', async (vm) => void arrived.push(vm));
    const hypervisor = await having('running');
    await hypervisor.migrate(VM, 'host-c');
    await hypervisor.migrate(VM, 'host-c');
    expect(arrived).toEqual(['a']);
    await refused(hypervisor.migrate(VM, 'host-d'), 'it is migrated');
    forget();
  });

  it('may come back', async () => {
    const [a, b] = [await having('running', { host: 'host-a' }), make({ host: 'host-b' })];
    await a.migrate(VM, 'host-b');
    await b.migrate(VM, 'host-a');
    expect([await a.status(VM), await b.status(VM)]).toEqual(['running', 'migrated']);
    await a.suspend(VM);
    expect(await a.status(VM)).toBe('suspended');
  });

  it('that the destination does not take leaves the VM running here', async () => {
    const [a, b] = [await having('running', { host: 'host-a' }), make({ host: 'host-b' })];
    await b.start(VM);
    await refused(a.migrate(VM, 'host-b'), 'host-b did not take it');
    expect([await a.status(VM), await b.status(VM)]).toEqual(['running', 'running']);
  });

  it("of a stopped VM, and to the VM's own host, is refused", async () => {
    await refused((await having('stopped')).migrate(VM, 'host-b'), 'it is stopped');
    const a = await having('running', { host: 'host-a' });
    await refused(a.migrate(VM, 'host-a'), 'on that host already');
    expect(await a.status(VM)).toBe('running');
  });

  it('finds no host under a name that was given up, and no two under one', async () => {
    const b = make({ host: 'host-b' });
    expect(() => make({ host: 'host-b' })).toThrow('FAIRLEAD_ERR_CONFIG_NAME');
    await b.close();
    const again = make({ host: 'host-b' });
    await (await having('running')).migrate(VM, 'host-b');
    expect([await b.status(VM), await again.status(VM)]).toEqual(['stopped', 'running']);
  });
});
