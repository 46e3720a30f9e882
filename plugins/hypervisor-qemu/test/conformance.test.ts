import { conformanceLaws, type ManagedVms } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import { FakeMachine, MOUNT, qemuOn } from './fake-machine.ts';
import { NOBODY, QemuFolder } from './fake-qemu.ts';

const NAMES = ['a', 'b', 'c'];
/** Kept for the many instances: each takes away what it has made. */
const machine = new FakeMachine();

let nextPid = 1000;

const laws = conformanceLaws(qemuOn(machine), {
  options: [{}, { migration: { autoConverge: true, sharedMemory: true, downtimeMs: 10, bandwidthBps: '1Gbps' } }],
  destination: 'unix:/elsewhere',
  refusingDestination: NOBODY,
  unknown: { index: 9, name: 'stranger' },
  vms: async (): Promise<ManagedVms> => {
    const folder = new QemuFolder();
    const sockets: Record<string, string> = {};
    for (const name of NAMES) {
      const { path } = await folder.add(name);
      sockets[name] = path;
      const pid = nextPid++;
      machine.group(`${pid}.scope`, [pid]);
      machine.listen(path, pid);
    }
    const close = async (): Promise<void> => {
      for (const socket of Object.values(sockets)) machine.forget(socket);
      await folder.close();
    };
    // The times of the scenario are those of a QEMU that answers: at their least bound it could not.
    return { names: NAMES, options: { sockets, answerMs: 5000, startMs: 5000 }, close };
  },
});

describe('the QEMU hypervisor', () => {
  it.each(laws)('$name', async ({ check }) => {
    await expect(Promise.resolve(check())).resolves.toBeUndefined();
  });

  it('leaves no limit on any machine that it was tried on', () => {
    expect(machine.written.length).toBeGreaterThan(100);
    expect([...machine.groups.keys()]).toEqual([MOUNT]);
  });
});
