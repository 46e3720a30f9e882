import type { Action } from '@fairlead/sdk';
import { afterEach, describe, expect, it } from 'vitest';
import type { WrittenHostConfig } from '../../src/config.ts';
import type { Host } from '../../src/host.ts';
import { inlineHost, memoryNic, memoryVm, nicOf } from '../given/inline-host.ts';
import { action, pass, type Reply, responder, told } from '../given/responders.ts';

type Rule = NonNullable<WrittenHostConfig['signals']>[number];

let host: Host | undefined;
afterEach(async () => {
  await host?.close();
  host = undefined;
});

/** A host whose chain hears that nic1 is down, and acts on vm0. */
async function given(rule: Partial<Rule>, replies: Record<string, Reply> = {}): Promise<Host> {
  const definitions = Object.entries(replies).map(([name, reply]) => responder(name, reply));
  const responders =
    rule.responders ??
    (definitions.length > 0 ? definitions : [{ name: 'suspend' }]).map(({ name }) => ({ use: name }));
  host = await inlineHost(
    {
      nics: [memoryNic('nic0'), memoryNic('nic1')],
      vms: [memoryVm(0), memoryVm(1)],
      signals: [{ on: 'nic-down', vms: ['vm0'], ...rule, responders }],
    },
    definitions,
  );
  await pass(host, 20);
  return host;
}

const stateOf = (running: Host, vm = 'vm0'): string => running.vms.status(vm).state;
const nicDown = (running: Host, down = true): void => nicOf(running, 'nic1').setLink(!down);

describe('a chain', () => {
  it('acts on the VM that it is about, says so with its evidence, and undoes it when the signal is over', async () => {
    const running = await given({});
    const seen: string[] = [];
    running.on('action', ({ id, state }) => seen.push(`${id} ${state}`));
    expect(told(running)).toEqual([]);

    nicDown(running);
    await pass(running, 15);
    expect([stateOf(running), stateOf(running, 'vm1')]).toEqual(['suspended', 'running']);
    const [record] = running.signals.actions();
    expect(record).toMatchObject({
      id: 1,
      action: 'suspend',
      responder: 'suspend',
      vm: 'vm0',
      nic: 'nic1',
      where: 'signals[0]',
      state: 'standing',
      dryRun: false,
      signal: { kind: 'nic-down', vm: 0, nic: 1, confidence: 1, evidence: { nic: 'nic1', carrier: 0 } },
    });
    expect((record?.expiresAtUs ?? 0) - (record?.atUs ?? 0)).toBe(30_000_000);

    nicDown(running, false);
    await pass(running, 15);
    expect(stateOf(running)).toBe('running');
    expect(running.signals.actions()).toEqual([]);
    expect(seen).toEqual(['1 standing', '1 over']);
    running.assertConserved();
  });

  it('acts once about a signal that persists, and lets the action expire by itself', async () => {
    const running = await given({ ttlMs: 100, coolDownMs: 1000 });
    nicDown(running);
    await pass(running, 90);
    expect(stateOf(running)).toBe('suspended');
    await pass(running, 30);
    expect(stateOf(running)).toBe('running');
    await pass(running, 100);
    expect(told(running)).toEqual([
      'expired suspend vm0 by suspend: nic-down of the VM, with confidence 1',
      'withheld none vm0 by nobody: it is left alone after the last action',
    ]);
    await pass(running, 1100);
    expect(told(running).filter((line) => line.includes('suspend vm0'))).toHaveLength(2);
  });

  it('lets the VM run for a tenth of a second at least when its action has expired, and then acts again', async () => {
    const running = await given({ ttlMs: 100 });
    nicDown(running);
    let ranMs = 0;
    for (let ms = 0; ms < 400; ms++) {
      await pass(running, 1);
      if (ms > 20 && stateOf(running) === 'running') ranMs++;
    }
    expect(running.signals.history().map(({ state }) => state)).toEqual(['expired', 'expired']);
    expect(ranMs).toBeGreaterThanOrEqual(100);
  });

  it('waits until the signal has lasted, and until it has been gone', async () => {
    const running = await given({ forMs: 100, clearMs: 100 });
    nicDown(running);
    await pass(running, 60);
    nicDown(running, false);
    await pass(running, 20);
    nicDown(running);
    await pass(running, 20);
    expect(stateOf(running)).toBe('running');
    await pass(running, 40); // 140 ms since it was noticed, gone for less than 100
    expect(stateOf(running)).toBe('suspended');
    nicDown(running, false);
    await pass(running, 80);
    expect(stateOf(running)).toBe('suspended');
    await pass(running, 40);
    expect(stateOf(running)).toBe('running');
  });

  it('keeps an action until it expires when the signal does not have to last', async () => {
    const running = await given({ whileSignalled: false, ttlMs: 200 });
    nicDown(running);
    await pass(running, 20);
    nicDown(running, false);
    await pass(running, 100);
    expect(stateOf(running)).toBe('suspended');
    await pass(running, 120);
    expect([stateOf(running), told(running)]).toEqual([
      'running',
      ['expired suspend vm0 by suspend: nic-down of the VM, with confidence 1'],
    ]);
  });

  it('goes on to the next responder when the signal lasts, and keeps what was done', async () => {
    const act: Reply = async (_, context) => [action(context)];
    const running = await given({ escalateMs: 100 }, { first: act, second: act, third: act });
    nicDown(running);
    const standing = (): string[] => running.signals.actions().map(({ responder }) => responder);
    await pass(running, 50);
    expect(standing()).toEqual(['first']);
    await pass(running, 100);
    expect(standing()).toEqual(['first', 'second']);
    await pass(running, 1000);
    expect(standing()).toEqual(['first', 'second', 'third']);
    nicDown(running, false);
    await pass(running, 20);
    expect(told(running)).toHaveLength(3);
    expect(standing()).toEqual([]);
  });

  it('asks the next one when a responder has nothing to do, throws, rejects or hangs, and records it', async () => {
    const bare: Reply = () => {
      throw new Error('no such thing');
    };
    const hang: Reply = () => new Promise(() => undefined);
    const replies = { idle: async () => [], bare, late: async () => Promise.reject(new Error('not now')), hang };
    const responders = [
      ...['idle', 'bare', 'late'].map((use) => ({ use })),
      { use: 'hang', budget: { controlMs: 5 } },
      { use: 'suspend' },
    ];
    const running = await given({ responders }, replies);
    nicDown(running);
    await pass(running, 20);
    expect(stateOf(running)).toBe('suspended');
    expect(running.signals.actions()[0]?.rejected).toEqual([
      'idle: had nothing to do',
      'bare: no such thing',
      'late: not now',
      'hang: hang.respond() has not been answered for 5 ms',
    ]);
  });

  it.each<{ name: string; reply: Reply }>([
    {
      name: 'fails half-way',
      reply: async (_, context) => {
        await context.suspend(0);
        throw new Error('the rest failed');
      },
    },
    {
      name: 'says nothing of it',
      reply: async (_, context) => {
        await context.suspend(0);
        return [];
      },
    },
    {
      name: 'answers with an action that cannot be undone',
      reply: async (_, context) => {
        await context.suspend(0);
        return [{ ...action(context), undo: undefined as unknown as Action['undo'] }];
      },
    },
  ])('undoes what a responder did that $name', async ({ reply }) => {
    const running = await given({}, { half: reply });
    const states: string[] = [];
    running.on('vm', ({ vm, state }) => states.push(`${vm} ${state}`));
    nicDown(running);
    await pass(running, 20);
    expect(states).toEqual(['vm0 suspended', 'vm0 running']);
    expect(told(running)).toEqual(['withheld none vm0 by nobody: no responder did anything']);
  });

  it('lets go of the VM also when the undo throws or hangs', async () => {
    const undos = [() => Promise.reject(new Error('lost')), () => new Promise<void>(() => undefined)];
    const reply: Reply = async (_, context) => {
      await context.suspend(0);
      return undos.map((undo, i) => action(context, { name: `act ${i}`, undo }));
    };
    const running = await given({ responders: [{ use: 'clumsy', budget: { controlMs: 5 } }] }, { clumsy: reply });
    nicDown(running);
    await pass(running, 20);
    expect(stateOf(running)).toBe('suspended');
    nicDown(running, false);
    await pass(running, 20);
    expect(stateOf(running)).toBe('running');
    expect(running.signals.history().map(({ state, trouble }) => `${state}: ${trouble}`)).toEqual([
      'over: lost',
      'over: clumsy.undo() has not been answered for 5 ms',
    ]);
  });

  it('lets a responder touch no VM but the one of its signal', async () => {
    let refused: unknown;
    const reply: Reply = async (_, context) => {
      refused = await context.suspend(1).catch((error: unknown) => error);
      throw refused;
    };
    const running = await given({}, { astray: reply });
    nicDown(running);
    await pass(running, 20);
    expect(refused).toMatchObject({ code: 'FAIRLEAD_ERR_RESPONDER' });
    expect(stateOf(running, 'vm1')).toBe('running');
    const [record] = running.signals.history();
    expect(record?.rejected).toEqual(['astray: the signal is not about VM number 1']);
  });

  it('never touches a VM that it is told to leave alone, and says so once', async () => {
    const running = await given({ vms: ['vm0', 'vm1'], allow: ['vm0'] });
    nicDown(running);
    await pass(running, 200);
    expect([stateOf(running), stateOf(running, 'vm1')]).toEqual(['running', 'suspended']);
    expect(told(running)[0]).toBe('withheld none vm0 by nobody: it is on the list of VMs that are never touched');
    expect(told(running)).toHaveLength(2);
  });

  it('does no more than its budget allows, over all VMs and however the signal oscillates', async () => {
    const running = await given({ vms: ['vm0', 'vm1'], budget: { actions: 3, perMs: 1000 } });
    for (let i = 0; i < 10; i++) {
      nicDown(running);
      await pass(running, 20);
      nicDown(running, false);
      await pass(running, 20);
    }
    const taken = running.signals.history().filter(({ state }) => state !== 'withheld');
    expect(taken).toHaveLength(3);
    expect(told(running)).toContain('withheld none vm1 by nobody: the budget of 3 actions in 1000 ms is spent');
    await pass(running, 1000);
    nicDown(running);
    await pass(running, 20);
    expect(running.signals.actions()).toHaveLength(2);
  });

  it('rests between two actions on a VM, so that an oscillating signal does not bounce it', async () => {
    const running = await given({ coolDownMs: 500 });
    let suspended = 0;
    running.on('vm', ({ state }) => (suspended += state === 'suspended' ? 1 : 0));
    for (let i = 0; i < 25; i++) {
      nicDown(running);
      await pass(running, 20);
      nicDown(running, false);
      await pass(running, 20);
    }
    expect(suspended).toBe(2); // in 1000 ms
  });

  it('says only what it would do when it is told to', async () => {
    const running = await given({ dryRun: true });
    nicDown(running);
    await pass(running, 20);
    expect(stateOf(running)).toBe('running');
    expect(running.signals.actions()).toMatchObject([{ action: 'suspend', vm: 'vm0', dryRun: true }]);
    nicDown(running, false);
    await pass(running, 20);
    expect(running.signals.history()).toMatchObject([{ state: 'over', dryRun: true }]);
  });

  it('is undone by hand, and leaves the VM alone until the signal is over', async () => {
    const running = await given({});
    nicDown(running);
    await pass(running, 20);
    const id = running.signals.actions()[0]?.id ?? 0;
    await running.signals.undo(id);
    expect(stateOf(running)).toBe('running');
    await expect(running.signals.undo(id)).rejects.toMatchObject({ code: 'FAIRLEAD_ERR_UNKNOWN_ACTION' });
    await pass(running, 100);
    expect([stateOf(running), told(running)]).toEqual([
      'running',
      ['undone suspend vm0 by suspend: nic-down of the VM, with confidence 1'],
    ]);
    nicDown(running, false);
    await pass(running, 20);
    nicDown(running);
    await pass(running, 20);
    expect(stateOf(running)).toBe('suspended');
  });

  it('does not hear signals that are not certain enough', async () => {
    const running = await given({ vms: [], minConfidence: 1 });
    nicDown(running);
    await pass(running, 20);
    expect(told(running)).toEqual(['withheld none  by nobody: no responder did anything']); // it names no VM
  });

  it('asks for one answer at a time', async () => {
    let asked = 0;
    let atOnce = 0;
    const reply: Reply = async (_, context) => {
      atOnce = Math.max(atOnce, ++asked);
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      asked--;
      return [action(context)];
    };
    const running = await given({ vms: ['vm0', 'vm1'] }, { slow: reply });
    nicDown(running);
    await pass(running, 20);
    expect(running.signals.actions()).toHaveLength(2);
    expect(atOnce).toBe(1);
  });

  it('takes everything back when the host is closed', async () => {
    const running = await given({});
    nicDown(running);
    await pass(running, 20);
    await running.close();
    expect(stateOf(running)).toBe('running');
    expect(running.signals.history()).toMatchObject([{ state: 'closed' }]);
  });
});
