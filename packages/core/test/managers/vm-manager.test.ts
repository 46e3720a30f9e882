import type { Hypervisor, VmRef, VmStatus } from '@fairlead/sdk';
import { VmRunState } from '@fairlead/sdk';
import { testVms } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import { VmManager } from '../../src/managers/vm-manager.ts';

/** A hypervisor that does nothing until it is let, and writes down what it was asked. */
class HandHypervisor implements Hypervisor {
  readonly asked: string[] = [];
  failing: Error | undefined;
  state: VmStatus | Error = 'running';
  /** When set, calls wait for it. */
  gate: Promise<void> | undefined;
  readonly running = new Set<string>();
  overlaps = 0;

  async #do(operation: string, vm: VmRef): Promise<void> {
    if (this.running.has(vm.name)) this.overlaps++;
    this.running.add(vm.name);
    this.asked.push(`${operation} ${vm.name}`);
    await this.gate;
    this.running.delete(vm.name);
    if (this.failing !== undefined) throw this.failing;
  }

  start = (vm: VmRef): Promise<void> => this.#do('start', vm);
  suspend = (vm: VmRef): Promise<void> => this.#do('suspend', vm);
  resume = (vm: VmRef): Promise<void> => this.#do('resume', vm);
  stop = (vm: VmRef): Promise<void> => this.#do('stop', vm);
  migrate = (vm: VmRef, destination: string): Promise<void> => this.#do(`migrate to ${destination}`, vm);
  throttle = (vm: VmRef, fraction: number): Promise<void> => this.#do(`throttle to ${fraction}`, vm);

  async status(): Promise<VmStatus> {
    if (this.state instanceof Error) throw this.state;
    return this.state;
  }
}

function given(hypervisor: Hypervisor | undefined = new HandHypervisor()) {
  const table = testVms([{ name: 'web' }, { name: 'db' }]);
  table.runState.fill(VmRunState.Stopped);
  const effects: string[] = [];
  const manager = new VmManager(table, hypervisor, {
    setRunning: (vm, running) => effects.push(`${table.names[vm]} ${running ? 'runs' : 'rests'}`),
    changed: (vm, state) => effects.push(`${table.names[vm]} ${state}`),
  });
  return { manager, effects, table, hypervisor: hypervisor as HandHypervisor };
}

describe('the VM manager', () => {
  it('leads a VM through its states, by the hypervisor', async () => {
    const { manager, hypervisor, effects } = given();
    await manager.start('web');
    await manager.suspend('web');
    await manager.resume('web');
    await manager.stop('web');
    expect(hypervisor.asked).toEqual(['start web', 'suspend web', 'resume web', 'stop web']);
    expect(effects).toEqual([
      'web runs',
      'web running',
      'web rests',
      'web suspended',
      'web runs',
      'web running',
      'web rests',
      'web stopped',
    ]);
    expect(manager.list().map(({ name, state }) => [name, state])).toEqual([
      ['web', 'stopped'],
      ['db', 'stopped'],
    ]);
  });

  it('runs operations on one VM one after the other, in the order they were given', async () => {
    const { manager, hypervisor } = given();
    await Promise.all([
      manager.start('web'),
      manager.suspend('web'),
      manager.resume('web'),
      manager.throttle('web', 0.5),
    ]);
    expect(hypervisor.asked).toEqual(['start web', 'suspend web', 'resume web', 'throttle to 0.5 web']);
    expect(hypervisor.overlaps).toBe(0);
    expect(manager.status('web').state).toBe('running');
  });

  it('does not slow a VM that runs nowhere, and forgets how slow one was that has ended', async () => {
    const { manager, hypervisor } = given();
    await expect(manager.throttle('web', 0.5)).rejects.toMatchObject({ code: 'FAIRLEAD_ERR_VM_STATE' });
    await manager.start('web');
    await manager.throttle('web', 0.5);
    expect(manager.throttledByHand(0)).toBe(0.5);
    await manager.throttle('web', 0.25, 'responder');
    expect(manager.throttledByHand(0)).toBe(0.5);
    await manager.stop('web');
    expect([manager.throttledByHand(0), hypervisor.asked.length]).toEqual([1, 4]);
  });

  it('lets another VM go on while one waits for the hypervisor', async () => {
    const { manager, hypervisor } = given();
    let open = (): void => undefined;
    hypervisor.gate = new Promise((resolve) => {
      open = resolve;
    });
    const slow = manager.start('web');
    await Promise.resolve();
    hypervisor.gate = undefined;
    await manager.start('db');
    expect([manager.status('web').state, manager.status('db').state]).toEqual(['stopped', 'running']);
    open();
    await slow;
    expect(manager.status('web').state).toBe('running');
  });

  it('suspends and resumes a VM twice without complaint, and tells of it once', async () => {
    const { manager, effects } = given();
    await manager.start('web');
    effects.length = 0;
    await manager.suspend('web');
    await manager.suspend('web');
    await manager.resume('web');
    await manager.resume('web');
    expect(effects).toEqual(['web rests', 'web suspended', 'web runs', 'web running']);
  });

  it.each([
    ['suspend', 'running or suspended'],
    ['resume', 'suspended or running'],
  ] as const)('refuses to %s a VM that is stopped', async (operation, wanted) => {
    const { manager, hypervisor } = given();
    await expect(manager[operation]('web')).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_VM_STATE',
      mend: `${operation} needs a VM that is ${wanted}`,
    });
    expect(hypervisor.asked).toEqual([]);
  });

  it('refuses to start a VM twice, and a VM that is not there', async () => {
    const { manager } = given();
    await manager.start('web');
    await expect(manager.start('web')).rejects.toMatchObject({ code: 'FAIRLEAD_ERR_VM_STATE' });
    expect(() => manager.start('mail')).toThrow(expect.objectContaining({ code: 'FAIRLEAD_ERR_UNKNOWN_VM' }));
  });

  it('stops and starts the virtual NIC alone when there is no hypervisor', async () => {
    const table = testVms([{ name: 'web' }]);
    table.runState.fill(VmRunState.Stopped);
    const effects: string[] = [];
    const manager = new VmManager(table, undefined, {
      setRunning: (_, running) => effects.push(String(running)),
      changed: () => undefined,
    });
    await manager.start('web');
    await manager.suspend('web');
    expect(effects).toEqual(['true', 'false']);
    const refused = { code: 'FAIRLEAD_ERR_HYPERVISOR', where: 'hypervisor' };
    await expect(manager.migrate('web', 'host-b')).rejects.toMatchObject(refused);
    await expect(manager.throttle('web', 0.5)).rejects.toMatchObject(refused);
    expect(manager.status('web').state).toBe('suspended');
  });
});

describe('a migration', () => {
  it('stops the virtual NIC before the hypervisor begins, and leaves the VM migrated', async () => {
    const { manager, hypervisor, effects } = given();
    await manager.start('web');
    effects.length = 0;
    hypervisor.migrate = async () => void effects.push('the hypervisor works');
    await manager.migrate('web', 'host-b');
    expect(effects).toEqual(['web rests', 'web migrating', 'the hypervisor works', 'web rests', 'web migrated']);
    await expect(manager.resume('web')).rejects.toMatchObject({ code: 'FAIRLEAD_ERR_VM_STATE' });
  });

  it('that fails leaves the VM as the hypervisor says it is', async () => {
    const { manager, hypervisor, effects } = given();
    await manager.start('web');
    hypervisor.failing = new Error('no route');
    hypervisor.state = 'suspended';
    await expect(manager.migrate('web', 'host-b')).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_HYPERVISOR',
      where: 'hypervisor.migrate',
      mend: expect.stringContaining('the VM is suspended'),
    });
    expect(effects.at(-1)).toBe('web suspended');
  });

  it.each([
    [
      'rejects',
      async () => {
        throw new Error('socket closed');
      },
    ],
    [
      'throws',
      () => {
        throw new Error('socket closed');
      },
    ],
    ['answers nonsense', async () => 'gone' as VmStatus],
  ])('that fails leaves the VM running when the hypervisor, asked how it is, %s', async (_, status) => {
    const { manager, hypervisor } = given();
    await manager.start('web');
    hypervisor.failing = new Error('no route');
    hypervisor.status = status as () => Promise<VmStatus>;
    await expect(manager.migrate('web', 'host-b')).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_HYPERVISOR',
      message: expect.stringContaining('no route'),
    });
    expect(manager.status('web').state).toBe('running');
  });
});

describe('a hypervisor that fails', () => {
  it('is named with the operation and the cause, and the next operation has its turn', async () => {
    const { manager, hypervisor } = given();
    hypervisor.failing = new Error('QMP said no');
    hypervisor.state = 'stopped';
    await expect(manager.start('web')).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_HYPERVISOR',
      message: expect.stringContaining('start of VM "web" failed: QMP said no'),
      where: 'hypervisor.start',
    });
    expect(manager.status('web').state).toBe('stopped');
    hypervisor.failing = undefined;
    await manager.start('web');
    expect(manager.status('web').state).toBe('running');
  });

  it('after the fact has the last word: a suspend that failed late has suspended', async () => {
    const { manager, hypervisor, effects } = given();
    await manager.start('web');
    hypervisor.failing = new Error('timed out');
    hypervisor.state = 'suspended';
    await expect(manager.suspend('web')).rejects.toMatchObject({ code: 'FAIRLEAD_ERR_HYPERVISOR' });
    expect(manager.status('web').state).toBe('suspended');
    expect(effects.slice(-2)).toEqual(['web rests', 'web suspended']);
  });

  it('keeps an error of ours as it is', async () => {
    const { manager, hypervisor } = given();
    const error = await manager.suspend('web').catch((cause: unknown) => cause as Error);
    hypervisor.failing = error as Error;
    await expect(manager.start('web')).rejects.toBe(error);
  });
});
