import { type FairleadError, isFairleadError, type VmRef } from '@fairlead/sdk';
import { createInstance, MemoryLog } from '@fairlead/sdk/testing';
import { afterEach, expect } from 'vitest';
import type { QemuHypervisor } from '../src/index.ts';
import { FakeMachine, qemuOn } from './fake-machine.ts';
import { type FakeQemu, QemuFolder } from './fake-qemu.ts';

export const VM: VmRef = { index: 0, name: 'web' };

export interface Bench {
  readonly hypervisor: QemuHypervisor;
  readonly qemu: FakeQemu;
  readonly machine: FakeMachine;
  readonly log: MemoryLog;
}

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

/** A VM in a QEMU that waits to be let run, and the plugin beside it. Both are closed after the test. */
export async function bench(options: object = {}, initial?: string, machine = new FakeMachine()): Promise<Bench> {
  const folder = new QemuFolder();
  const qemu = await folder.add(VM.name, initial);
  const log = new MemoryLog();
  const given = { socket: folder.pattern, ...options };
  const hypervisor = createInstance(qemuOn(machine), given, { log }) as QemuHypervisor;
  open.push(folder, hypervisor);
  return { hypervisor, qemu, machine, log };
}

/** The same with the VM running. */
export async function running(options?: object, machine?: FakeMachine): Promise<Bench> {
  const made = await bench(options, undefined, machine);
  await made.hypervisor.start(VM);
  return made;
}

/** Asserts that a call is refused as every refusal is, and answers the error. */
export async function expectRefused(call: Promise<unknown>, why: string): Promise<FairleadError> {
  const error: unknown = await call.then(
    () => new Error('it succeeded'),
    (caught: unknown) => caught,
  );
  expect(String(error)).toContain(why);
  expect(isFairleadError(error) && [error.code, error.where, error.mend]).toEqual([
    'FAIRLEAD_ERR_HYPERVISOR',
    expect.stringContaining('hypervisor qemu, '),
    expect.stringMatching(/\w/),
  ]);
  return error as FairleadError;
}
