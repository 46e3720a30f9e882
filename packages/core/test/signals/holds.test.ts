import { once } from 'node:events';
import { definePlugin, type Hypervisor, Type, type VmStatus } from '@fairlead/sdk';
import { afterEach, describe, expect, it } from 'vitest';
import type { WrittenHostConfig } from '../../src/config.ts';
import type { Host } from '../../src/host.ts';
import { inlineHost, memoryNic, memoryVm, nicOf } from '../given/inline-host.ts';
import { pass } from '../given/responders.ts';

let host: Host | undefined;
afterEach(async () => {
  await host?.close();
  host = undefined;
});

/** Two chains suspend vm0 while a NIC is down. */
async function given(change: Partial<WrittenHostConfig> = {}): Promise<Host> {
  host = await inlineHost({
    nics: [memoryNic('nic0'), memoryNic('nic1')],
    vms: [memoryVm(0)],
    signals: [1, 2].map(() => ({ on: 'nic-down', vms: ['vm0'], responders: [{ use: 'suspend' }] })),
    ...change,
  });
  await pass(host, 20);
  return host;
}

async function link(running: Host, name: string, up: boolean): Promise<void> {
  nicOf(running, name).setLink(up);
  await pass(running, 20);
}

const stateOf = (running: Host): string => running.vms.status('vm0').state;

describe('a VM that is suspended', () => {
  it('by two chains runs on when both have let go of it', async () => {
    const running = await given();
    const states: string[] = [];
    running.on('vm', ({ state }) => states.push(state));
    await link(running, 'nic1', false);
    const [first, second] = running.signals.actions();
    await running.signals.undo(first?.id ?? 0);
    expect(stateOf(running)).toBe('suspended');
    await running.signals.undo(second?.id ?? 0);
    expect(stateOf(running)).toBe('running');
    expect(states).toEqual(['suspended', 'running']);
  });

  it('by an operator stays so when a responder lets go of it', async () => {
    const running = await given();
    await running.vms.suspend('vm0');
    await link(running, 'nic1', false);
    await link(running, 'nic1', true);
    expect([running.signals.actions().length, stateOf(running)]).toEqual([0, 'suspended']);
    await running.vms.resume('vm0');
    expect(stateOf(running)).toBe('running');
  });

  it('by an operator while a responder holds it stays so, too', async () => {
    const running = await given();
    await link(running, 'nic1', false);
    await running.vms.suspend('vm0');
    await link(running, 'nic1', true);
    expect(stateOf(running)).toBe('suspended');
  });

  it('is left as it is when it was stopped in the meantime', async () => {
    const running = await given();
    await link(running, 'nic1', false);
    await running.vms.stop('vm0');
    await link(running, 'nic1', true);
    expect(running.signals.history().map(({ state, trouble }) => [state, trouble])).toEqual([
      ['over', undefined],
      ['over', undefined],
    ]);
    expect(stateOf(running)).toBe('stopped');
  });
});

/** A hypervisor that does as a test says; its VMs are what they were told to be last. */
function hypervisorThat(does: (what: string) => Promise<void>) {
  let status: VmStatus = 'stopped';
  const move = (what: string, to: VmStatus) => async (): Promise<void> => {
    await does(what);
    status = to;
  };
  return definePlugin({
    kind: 'hypervisor',
    name: 'counting',
    apiVersion: 1,
    options: Type.Object({}),
    implementation: class implements Hypervisor {
      start = move('start', 'running');
      suspend = move('suspend', 'suspended');
      resume = move('resume', 'running');
      stop = move('stop', 'stopped');
      migrate = move('migrate', 'migrated');
      throttle = (): Promise<void> => does('throttle');
      status = async (): Promise<VmStatus> => status;
    },
  });
}

describe('a hypervisor that does not resume', () => {
  it('is asked again every second until it does', async () => {
    let failing = 3;
    const calls: string[] = [];
    const hypervisor = hypervisorThat(async (what) => {
      calls.push(what);
      if (what === 'resume' && failing-- > 0) throw new Error('busy');
    });
    host = await inlineHost(
      {
        nics: [memoryNic('nic0'), memoryNic('nic1')],
        vms: [memoryVm(0)],
        hypervisor: { use: 'counting' },
        signals: [{ on: 'nic-down', vms: ['vm0'], responders: [{ use: 'suspend' }] }],
      },
      [hypervisor],
    );
    await pass(host, 20);
    await link(host, 'nic1', false);
    await link(host, 'nic1', true);
    expect(stateOf(host)).toBe('suspended');
    await pass(host, 2500);
    expect(stateOf(host)).toBe('suspended');
    await pass(host, 1000);
    expect(stateOf(host)).toBe('running');
    expect(calls.filter((call) => call === 'resume')).toHaveLength(4);
  });
});

describe('a hypervisor that suspends too late', () => {
  it('resumes the VM afterwards, as nobody waits for its suspension any more', async () => {
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const calls: string[] = [];
    const hypervisor = hypervisorThat(async (what) => {
      calls.push(what);
      if (what === 'suspend') await held;
    });
    host = await inlineHost(
      {
        nics: [memoryNic('nic0'), memoryNic('nic1')],
        vms: [memoryVm(0)],
        hypervisor: { use: 'counting' },
        signals: [{ on: 'nic-down', vms: ['vm0'], responders: [{ use: 'suspend', budget: { controlMs: 5 } }] }],
      },
      [hypervisor],
    );
    nicOf(host, 'nic1').setLink(false);
    const withheld = once(host, 'action');
    host.run(20_000);
    expect(await withheld).toMatchObject([{ state: 'withheld', reason: 'no responder did anything' }]);
    letGo();
    await host.signals.idle();
    expect([calls, stateOf(host)]).toEqual([['start', 'suspend', 'resume'], 'running']);
  });
});
