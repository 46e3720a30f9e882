import { afterEach, describe, expect, it } from 'vitest';
import { checkHost } from '../../src/compose.ts';
import type { WrittenHostConfig } from '../../src/config.ts';
import type { Host } from '../../src/host.ts';
import { bundled } from '../given/bundled.ts';
import { frame, macOf } from '../given/frames.ts';
import { guestOf, inlineHost, memoryNic, memoryVm, nicOf } from '../given/inline-host.ts';
import { pass } from '../given/responders.ts';

let host: Host | undefined;
afterEach(async () => {
  await host?.close();
  host = undefined;
});

const states = (running: Host): string[] => running.vms.list().map(({ state }) => state);

describe('a NIC that is down', () => {
  it('is no matter when an operator has disabled it', async () => {
    host = await inlineHost({ signals: [{ on: 'nic-down', vms: ['vm0'], responders: [{ use: 'suspend' }] }] });
    host.nics.setAdmin('nic1', false);
    await pass(host, 50);
    expect(host.signals.history()).toEqual([]);
    nicOf(host, 'nic1').setLink(false);
    await pass(host, 50);
    expect(host.signals.history()).toEqual([]);
    host.nics.setAdmin('nic1', true);
    await pass(host, 50);
    expect(host.signals.actions()).toHaveLength(1);
  });
});

describe('a reservation that is not met', () => {
  it('is a matter of its VM until it is, and stays one while the VM rests', async () => {
    host = await inlineHost({
      nics: [memoryNic('nic0', { speedBps: 1e9 }), memoryNic('nic1', { speedBps: 1e9 })],
      vms: [memoryVm(0, { bandwidth: { reservationBps: '1500Mbps' } }), memoryVm(1)],
      signals: [{ on: 'reservation-unmet', ttlMs: 100, responders: [{ use: 'suspend' }] }],
    });
    await pass(host, 50);
    expect(states(host)).toEqual(['running', 'running']);
    nicOf(host, 'nic1').setLink(false);
    await pass(host, 80);
    expect(states(host)).toEqual(['suspended', 'running']);
    expect(host.signals.actions()[0]?.signal.evidence).toEqual({ reservationBps: 1.5e9, entitledBps: 1e9 });
    nicOf(host, 'nic1').setLink(true);
    await pass(host, 100); // its time is over, and so is the matter
    expect(states(host)).toEqual(['running', 'running']);
    await pass(host, 200);
    expect(host.signals.history()).toMatchObject([{ vm: 'vm0', state: 'expired' }]);
  });
});

describe('a failover', () => {
  /** vm0 asks to be suspended; frames of both wait on nic0, and nothing can take them. */
  async function given(change: Partial<WrittenHostConfig> = {}): Promise<Host> {
    host = await inlineHost({
      nics: [memoryNic('nic0', { speedBps: 8e6 })],
      vms: [memoryVm(0, { suspendOnFailover: true }), memoryVm(1)],
      signals: [{ on: 'failover', responders: [{ use: 'suspend' }] }],
      ...change,
    });
    for (const vm of [0, 1])
      for (let i = 0; i < 20; i++) guestOf(host, `vm${vm}`).send(frame({ from: macOf(vm), bytes: 1000 }));
    host.run(2000);
    return host;
  }

  it('is a matter of the VMs alone that have asked for it, whatever brought it about', async () => {
    const running = await given();
    running.nics.setAdmin('nic0', false);
    await pass(running, 20);
    expect(states(running)).toEqual(['suspended', 'running']);
    expect(running.signals.actions()[0]?.signal).toMatchObject({ kind: 'failover', vm: 0, nic: 0 });
    running.nics.setAdmin('nic0', true);
    await pass(running, 60);
    expect(states(running)).toEqual(['running', 'running']);
    expect(running.nics.status('nic0').txFrames).toBe(40);
    running.assertConserved();
  });

  it('is none of a VM that does not run', async () => {
    const running = await given();
    await running.vms.stop('vm0');
    running.nics.setAdmin('nic0', false);
    await pass(running, 20);
    expect(running.signals.history()).toEqual([]);
  });
});

describe('chains that do not fit their host are refused', () => {
  const responders = [{ use: 'suspend' }];
  const vms = [memoryVm(0, { suspendOnFailover: true })];
  it.each<{ change: object; complaint: string }>([
    {
      change: { signals: [{ on: 'backlog', responders, allow: ['vm'] }] },
      complaint: 'signals[0].allow[0]: there is no VM "vm"; did you mean "vm0"?',
    },
    {
      change: { signals: [{ on: 'backlog', responders, vms: ['gateway'] }] },
      complaint: 'signals[0].vms[0]: there is no VM "gateway"; use the name of a VM',
    },
    {
      change: { signals: [{ on: 'nic-down', responders, backlog: { frames: 9 } }] },
      complaint: 'signals[0].backlog: it says when a VM is behind, to a chain on nic-down; remove it',
    },
    {
      change: { signals: [{ on: 'backlog', responders, backlog: { frames: 9, lowFrames: 9 } }] },
      complaint: 'signals[0].backlog: lowFrames is not below frames; lower lowFrames, or raise frames',
    },
    {
      change: { signals: [{ on: 'backlog', responders, backlog: { frames: 300 } }] },
      complaint: 'signals[0].backlog: no more than 256 frames ever wait; lower frames, or raise txRingFrames',
    },
    {
      change: { vms },
      complaint:
        'vms[0].suspendOnFailover: nobody suspends it: no chain answers failover; add signals: [{ on: failover, responders: [{ use: suspend }] }]',
    },
    {
      change: { signals: [{ on: 'backlog', responders: [{ use: 'suspend', options: { maxPriority: 256 } }] }] },
      complaint: 'signals[0].responders[0].options.maxPriority: responder plugin "suspend"',
    },
  ])('$complaint', async ({ change, complaint }) => {
    const written = { nics: [memoryNic('nic0')], vms: [memoryVm(0)], ...change } as WrittenHostConfig;
    const { complaints } = await checkHost(written, { bases: [bundled] });
    const lines = complaints.map(({ path, what, mend }) => `${path}: ${what}; ${mend}`);
    expect(lines).toEqual([expect.stringContaining(complaint)]);
  });
});
