import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { bandwidthOf } from '../src/cpu-bandwidth.ts';
import { FakeMachine, MOUNT } from './fake-machine.ts';
import { type Bench, bench, expectRefused, running, VM } from './harness.ts';

const PID = 4242;
const OWN = '/vms/web.scope/fairlead.web';

/** A running VM of two processors; its QEMU is in a group of its own, below one for all. */
async function machineWith(version: 1 | 2, ...others: number[]): Promise<Bench> {
  const machine = new FakeMachine(version);
  machine.group('vms', []);
  machine.group('vms/web.scope', [PID, ...others]);
  const made = await running({}, machine);
  machine.listen(made.qemu.path, PID);
  return made;
}

const file = (machine: FakeMachine, name: string): string | undefined =>
  machine.groups.get(MOUNT + OWN)?.files.get(name);

describe('a limit on the CPU time of a VM', () => {
  it('is a group of version 1 of its own, with the fraction of what its processors could use', async () => {
    const { hypervisor, machine } = await machineWith(1);
    await hypervisor.throttle(VM, 0.25);
    expect(machine.groupOf(PID)).toBe(OWN);
    // Limited before QEMU is in it.
    expect(machine.written).toEqual([
      'vms/web.scope/fairlead.web/cpu.cfs_quota_us 50000',
      'vms/web.scope/fairlead.web/cgroup.procs 4242',
    ]);
    await hypervisor.throttle(VM, 0.05);
    expect([machine.groupOf(PID), file(machine, 'cpu.cfs_quota_us')]).toEqual([OWN, '10000']);
  });

  it('is a group of version 2, which is handed the controller once the one above is empty', async () => {
    const { hypervisor, machine } = await machineWith(2);
    await hypervisor.throttle(VM, 0.25);
    expect(machine.groupOf(PID)).toBe(OWN);
    expect(machine.written).toEqual([
      'vms/web.scope/fairlead.web/cgroup.procs 4242',
      'vms/web.scope/cgroup.subtree_control +cpu',
      'vms/web.scope/fairlead.web/cpu.max 50000 100000',
    ]);
    await hypervisor.throttle(VM, 0.5);
    expect(file(machine, 'cpu.max')).toBe('100000 100000');
  });

  it.each([1, 2] as const)('is lifted with 1, with stop, and at the end (version %i)', async (version) => {
    for (const lift of ['throttle', 'stop', 'close'] as const) {
      const { hypervisor, machine } = await machineWith(version);
      const before = JSON.stringify([...machine.groups].map(([at, { files }]) => [at, [...files]]));
      await hypervisor.throttle(VM, 0.5);
      if (lift === 'throttle') await hypervisor.throttle(VM, 1);
      else await hypervisor[lift](VM);
      expect(machine.groupOf(PID)).toBe('/vms/web.scope');
      expect(JSON.stringify([...machine.groups].map(([at, { files }]) => [at, [...files]]))).toBe(before);
    }
  });

  it.each([1, 2] as const)(
    'that an instance which crashed has left is taken over and lifted (version %i)',
    async (version) => {
      const { hypervisor: crashed, machine, qemu } = await machineWith(version);
      await crashed.throttle(VM, 0.5);
      const { hypervisor: next } = await bench({ sockets: { web: qemu.path } }, undefined, machine);
      await next.throttle(VM, 0.1);
      expect(machine.groupOf(PID)).toBe(OWN);
      await next.throttle(VM, 1);
      expect([machine.groupOf(PID), machine.groups.has(MOUNT + OWN)]).toEqual(['/vms/web.scope', false]);
    },
  );

  it('is a fraction of what the groups above leave it', async () => {
    const { hypervisor, machine } = await machineWith(1);
    machine.groups.get(`${MOUNT}/vms`)?.files.set('cpu.cfs_quota_us', '40000');
    await hypervisor.throttle(VM, 0.5);
    expect(file(machine, 'cpu.cfs_quota_us')).toBe('20000');
  });

  it.each([
    [1, { quotaUs: 100_000, periodUs: 100_000 }],
    [0.01, { quotaUs: 1000, periodUs: 100_000 }],
    [0.002, { quotaUs: 2000, periodUs: 1_000_000 }], // the kernel takes no quota below 1 ms
    [0.0001, { quotaUs: 1000, periodUs: 1_000_000 }],
    [64, { quotaUs: 6_400_000, periodUs: 100_000 }],
  ])('of %d processors is %j', (processors, bandwidth) => {
    expect(bandwidthOf(processors)).toEqual(bandwidth);
  });

  it('changes its period without ever asking for more than before', async () => {
    const { hypervisor, machine } = await machineWith(1);
    await hypervisor.throttle(VM, 0.001);
    expect([file(machine, 'cpu.cfs_quota_us'), file(machine, 'cpu.cfs_period_us')]).toEqual(['2000', '1000000']);
    await hypervisor.throttle(VM, 0.5);
    expect([file(machine, 'cpu.cfs_quota_us'), file(machine, 'cpu.cfs_period_us')]).toEqual(['100000', '100000']);
  });

  it.each([
    [1, `${MOUNT}${OWN}/cpu.cfs_quota_us`],
    [1, `${MOUNT}${OWN}/cgroup.procs`],
    [2, `${MOUNT}${OWN}/cgroup.procs`],
    [2, `${MOUNT}${OWN}/cpu.max`],
  ] as const)('that the kernel does not take leaves QEMU where it was (version %i, %s)', async (version, failOn) => {
    const { hypervisor, machine } = await machineWith(version);
    machine.failOn = failOn;
    await expectRefused(hypervisor.throttle(VM, 0.5), 'EACCES');
    expect(machine.groupOf(PID)).toBe('/vms/web.scope');
    expect(machine.groups.has(MOUNT + OWN)).toBe(false);
  });

  it('is refused in version 2 to a QEMU that shares its group, and says what to do', async () => {
    const { hypervisor, machine } = await machineWith(2, 17);
    const { mend } = await expectRefused(hypervisor.throttle(VM, 0.5), 'QEMU shares');
    expect(mend).toContain('systemd-run --scope');
    expect([machine.groupOf(PID), machine.groups.has(MOUNT + OWN)]).toEqual(['/vms/web.scope', false]);
  });

  it('is refused for a number that is no fraction, and a VM that does not run here', async () => {
    const { hypervisor, machine } = await machineWith(1);
    for (const wrong of [0, -1, 1.01, Number.NaN])
      await expectRefused(hypervisor.throttle(VM, wrong), 'is not a fraction');
    await hypervisor.stop(VM);
    await expectRefused(hypervisor.throttle(VM, 0.5), 'it is stopped');
    expect(machine.written).toEqual([]);
  });
});

describe('the process of a QEMU', () => {
  it('is the one that listens on its socket, also where that was bound by a relative path', async () => {
    const machine = new FakeMachine();
    machine.group('a', [PID]);
    machine.group('b', [17]);
    const { hypervisor, qemu } = await running({}, machine);
    machine.listen('web.qmp', 17); // of this name, in the directory /run/vms
    await expectRefused(hypervisor.throttle(VM, 0.5), 'no process listens');
    machine.listen(path.relative('/run/vms', qemu.path), PID);
    await hypervisor.throttle(VM, 0.5);
    expect([machine.groupOf(PID), machine.groupOf(17)]).toEqual(['/a/fairlead.web', '/b']);
  });

  it('is not this one, nor one of several', async () => {
    const own = new FakeMachine();
    const first = await running({}, own);
    own.listen(first.qemu.path, process.pid);
    await expectRefused(first.hypervisor.throttle(VM, 0.5), "is Fairlead's own");

    const two = new FakeMachine();
    const second = await running({}, two);
    two.listen(second.qemu.path, PID, 4243);
    await expectRefused(second.hypervisor.throttle(VM, 0.5), 'processes 4242 and 4243 listen on');
    expect([own.written, two.written]).toEqual([[], []]);
  });

  it('is the one of the pid file, if it is that one', async () => {
    const machine = new FakeMachine();
    machine.group('web', [PID]);
    const { hypervisor, qemu } = await running({ pidFile: '/run/vms/{vm}.pid' }, machine);
    await expectRefused(hypervisor.throttle(VM, 0.5), 'ENOENT');
    machine.pidFiles.set('/run/vms/web.pid', 'nobody\n');
    await expectRefused(hypervisor.throttle(VM, 0.5), 'holds no process number');
    machine.pidFiles.set('/run/vms/web.pid', `${PID}\n`);
    await expectRefused(hypervisor.throttle(VM, 0.5), 'process 4242 does not listen on');
    machine.listen(qemu.path, PID);
    await hypervisor.throttle(VM, 0.5);
    expect(machine.groupOf(PID)).toBe('/web/fairlead.web');
  });
});
