import type { MigrationSteps } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { NOBODY } from './fake-qemu.ts';
import { type Bench, bench, expectRefused, running, VM } from './harness.ts';

const THERE = 'unix:/there';
const QUICK = { migration: { pollMs: 1, stallMs: 40, totalMs: 2000, switchoverMs: 200 } };

/** Steps that write down what is done, and how the VM is at the switchover. */
function diary({ qemu }: Bench, switchover?: () => Promise<void>) {
  const lines: string[] = [];
  const steps: MigrationSteps = {
    switchover: async () => {
      lines.push(`switchover while ${qemu.state}, ${String(qemu.migration['status'])}`);
      await switchover?.();
    },
    progress: (fraction) => void lines.push(`copied ${fraction}`),
    took: ({ downtimeMs, totalMs }) => void lines.push(`took ${totalMs}, down ${downtimeMs}`),
  };
  return { lines, steps };
}

describe('a migration', () => {
  it('stops for the switchover, then goes on, tells what it took, and ends the QEMU that the VM left', async () => {
    const made = await running();
    const { lines, steps } = diary(made);
    await made.hypervisor.migrate(VM, THERE, steps);
    expect(lines).toEqual(['switchover while finish-migrate, pre-switchover', 'took 60, down 12']);
    expect(made.qemu.told.slice(1)).toEqual([
      ...['migrate-set-capabilities', 'migrate-set-capabilities'],
      ...['migrate', 'migrate-continue', 'quit'],
    ]);
    expect(made.qemu.capabilities).toEqual({
      'auto-converge': false,
      events: true,
      'pause-before-switchover': true,
      'return-path': true,
    });
    expect(await made.hypervisor.status(VM)).toBe('migrated');
    await expectRefused(made.hypervisor.start(VM), 'it is migrated');
    await made.hypervisor.migrate(VM, THERE, steps);
    expect(lines).toHaveLength(2); // it is there already
  });

  it('sets what the options say, and needs no steps', async () => {
    const parameters: unknown[] = [];
    const { hypervisor, qemu } = await running({
      migration: { bandwidthBps: '8Mbps', downtimeMs: 20, autoConverge: true, sharedMemory: true },
    });
    qemu.deviations.set('migrate-set-parameters', (_socket, _id, args) => parameters.push(args) < 0);
    await hypervisor.migrate(VM, THERE);
    expect(parameters).toEqual([{ 'max-bandwidth': 1_000_000, 'downtime-limit': 20 }]);
    expect(qemu.capabilities).toMatchObject({
      'x-ignore-shared': true,
      'auto-converge': true,
      'pause-before-switchover': false,
    });
    expect(qemu.told).not.toContain('migrate-continue');
  });

  it('tells how much has been copied, never less than before', async () => {
    const made = await running(QUICK);
    const { lines, steps } = diary(made);
    const remaining = [100, 40, 70, 40, 10];
    made.qemu.deviations.set('query-migrate', () => {
      if (made.qemu.migration['status'] !== 'active') return false;
      const left = remaining.shift();
      if (left === undefined) made.qemu.migrates('pre-switchover', 'finish-migrate');
      else made.qemu.migration = { status: 'active', ram: { total: 100, remaining: left, transferred: 100 - left } };
      return false;
    });
    made.qemu.deviations.set('migrate', (socket, id) => {
      made.qemu.migrates('active', 'running');
      return socket.write(`{"return":{},"id":${id}}\n`);
    });
    await made.hypervisor.migrate(VM, THERE, steps);
    expect(lines.slice(0, -2)).toEqual(['copied 0', 'copied 0.6', 'copied 0.9']);
  });

  it('is asked once more how long it took, when QEMU has not written it down yet', async () => {
    const made = await running();
    const { lines, steps } = diary(made);
    let asked = 0;
    made.qemu.deviations.set('query-migrate', (socket, id) => {
      if (made.qemu.migration['status'] !== 'completed' || asked++ > 1) return false;
      return socket.write(`{"return":{"status":"completed"},"id":${id}}\n`);
    });
    await made.hypervisor.migrate(VM, THERE, steps);
    expect(lines.at(-1)).toBe('took 60, down 12');
  });

  it('of a suspended VM leaves it suspended when it comes to nothing', async () => {
    const made = await running(QUICK);
    await made.hypervisor.suspend(VM);
    const { steps } = diary(made, () => Promise.reject(new Error('not mine')));
    await expectRefused(made.hypervisor.migrate(VM, THERE, steps), 'not mine');
    expect([made.qemu.state, await made.hypervisor.status(VM)]).toEqual(['postmigrate', 'suspended']);
    await made.hypervisor.resume(VM);
    expect(await made.hypervisor.status(VM)).toBe('running');
  });

  it('goes to no other place than a socket: nothing is executed on the host', async () => {
    const { hypervisor, qemu } = await running();
    for (const wrong of ['exec:touch /tmp/x', 'fd:3', '', 'tcp:', 'TCP:a:1', 'file:/tmp/x', ' unix:/x']) {
      await expectRefused(hypervisor.migrate(VM, wrong), 'is neither tcp:HOST:PORT nor unix:PATH');
    }
    expect(qemu.told).toEqual(['cont']);
  });
});

describe('a migration that is called off', () => {
  const runsHere = async ({ hypervisor, qemu }: Bench): Promise<void> => {
    expect(qemu.state).toBe('running');
    expect(await hypervisor.status(VM)).toBe('running');
  };

  it('because the destination refuses', async () => {
    const made = await running(QUICK);
    const { lines, steps } = diary(made);
    await expectRefused(made.hypervisor.migrate(VM, NOBODY, steps), "Failed to connect to '/nobody'");
    await runsHere(made);
    expect(lines).toEqual([]);
  });

  it('because the VM may not change hands', async () => {
    const made = await running(QUICK);
    const { lines, steps } = diary(made, () => Promise.reject(new Error('owned by another')));
    await expectRefused(made.hypervisor.migrate(VM, THERE, steps), 'owned by another');
    await runsHere(made);
    expect(lines).toHaveLength(1);
    expect(made.qemu.told.slice(-1)).toEqual(['migrate_cancel']);
  });

  it('because the VM would stand still for too long', async () => {
    const made = await running({ migration: { ...QUICK.migration, switchoverMs: 30 } });
    const { steps } = diary(made, () => new Promise(() => undefined));
    await expectRefused(made.hypervisor.migrate(VM, THERE, steps), 'the switchover has taken longer than 30 ms');
    await runsHere(made);
  });

  it.each([
    ['it does not come on', { stallMs: 30 }, false, 'it has not come on for 30 ms'],
    ['it comes on and never ends', { totalMs: 60 }, true, 'it has taken longer than 60 ms'],
  ])('because %s', async (_, limits, comesOn, why) => {
    const made = await running({ migration: { ...QUICK.migration, ...limits } });
    const { steps } = diary(made);
    let transferred = 1;
    made.qemu.deviations.set('migrate', (socket, id) => {
      made.qemu.migrates('active', 'running');
      return socket.write(`{"return":{},"id":${id}}\n`);
    });
    made.qemu.deviations.set('query-migrate', () => {
      if (comesOn) transferred++;
      if (made.qemu.migration['status'] === 'active') {
        made.qemu.migration = { status: 'active', ram: { total: 100, remaining: 50, transferred } };
      }
      return false;
    });
    await expectRefused(made.hypervisor.migrate(VM, THERE, steps), why);
    await runsHere(made);
  });

  it('because the destination vanishes after the switchover: QEMU says so, and it is let run', async () => {
    const made = await running(QUICK);
    const { lines, steps } = diary(made);
    made.qemu.deviations.set('migrate-continue', (socket, id) => {
      made.qemu.migrates('failed', 'postmigrate', { 'error-desc': 'Unable to write to socket: Broken pipe' });
      return socket.write(`{"return":{},"id":${id}}\n`);
    });
    await expectRefused(made.hypervisor.migrate(VM, THERE, steps), 'Broken pipe');
    await runsHere(made);
    expect(lines).toHaveLength(1);
  });

  it('because QEMU ends: the VM has ended with it', async () => {
    const made = await running(QUICK);
    const { steps } = diary(made, async () => made.qemu.close());
    const { mend } = await expectRefused(made.hypervisor.migrate(VM, THERE, steps), 'could not be called off');
    expect(mend).toBe('see where it runs before it is resumed');
    expect(await made.hypervisor.status(VM)).toBe('stopped');
  });

  it('has succeeded when the connection breaks and QEMU says after that it is done', async () => {
    const made = await running(QUICK);
    const { lines, steps } = diary(made);
    made.qemu.deviations.set('migrate-continue', (socket) => {
      made.qemu.migrates('device');
      socket.destroy();
      queueMicrotask(() => made.qemu.migrates('completed', 'postmigrate', { 'total-time': 60, downtime: 12 }));
      return true;
    });
    await made.hypervisor.migrate(VM, THERE, steps);
    expect(lines.at(-1)).toBe('took 60, down 12');
    expect(made.qemu.told).not.toContain('migrate_cancel');
    expect(await made.hypervisor.status(VM)).toBe('migrated');
  });

  it('is not let run when QEMU does not let go of it', async () => {
    const made = await running({ migration: { ...QUICK.migration, switchoverMs: 30 } });
    const { steps } = diary(made, () => Promise.reject(new Error('not mine')));
    made.qemu.deviations.set('migrate_cancel', (socket, id) => socket.write(`{"return":{},"id":${id}}\n`));
    await expectRefused(made.hypervisor.migrate(VM, THERE, steps), 'not mine; and it could not be called off');
    expect(made.qemu.told.slice(-1)).toEqual(['migrate_cancel']);
    expect(made.qemu.state).toBe('finish-migrate');
  });

  it('tells what went wrong after the VM had gone in the log: it is not called off any more', async () => {
    const made = await running(QUICK);
    made.qemu.deviations.set('quit', (socket, id) => socket.write(`{"error":{"desc":"busy"},"id":${id}}\n`));
    const { steps } = diary(made);
    const took = (): void => {
      throw new Error('full');
    };
    await made.hypervisor.migrate(VM, THERE, { ...steps, took });
    expect(made.log.entries.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
      'could not end the QEMU that it left for VM web: busy',
      'could not tell how long it took for VM web: full',
    ]);
    expect(await made.hypervisor.status(VM)).toBe('migrated');
  });
});

describe('a VM that comes', () => {
  const LISTEN = { migration: { ...QUICK.migration, listen: 'tcp:10.0.0.5:0' } };

  it('is waited for at the address that QEMU took, and let run if QEMU leaves it paused', async () => {
    const { hypervisor, qemu } = await bench(LISTEN, 'inmigrate');
    expect(await hypervisor.receive(VM)).toBe('tcp:10.0.0.5:49152');
    expect(await hypervisor.receive(VM)).toBe('tcp:10.0.0.5:49152');
    const arrival = hypervisor.arrived(VM);
    qemu.migrates('completed', 'paused');
    await arrival;
    expect(qemu.told).toEqual(['migrate-set-capabilities', 'migrate-incoming', 'cont']);
    expect(await hypervisor.status(VM)).toBe('running');
    await hypervisor.arrived(VM);
  });

  it('may have gone from here before', async () => {
    const { hypervisor, qemu } = await bench(LISTEN, 'inmigrate');
    qemu.state = 'running';
    await hypervisor.migrate(VM, THERE);
    expect([qemu.state, await hypervisor.status(VM)]).toEqual(['inmigrate', 'migrated']);
    await hypervisor.receive(VM);
    qemu.migrates('completed', 'running');
    await hypervisor.arrived(VM);
    expect(await hypervisor.status(VM)).toBe('running');
  });

  it.each([
    [{ type: 'unix', path: '/run/vms/web.migration' }, 'unix:/run/vms/web.migration'],
    [{ type: 'inet', host: '2001:db8::5', port: '4444' }, 'tcp:[2001:db8::5]:4444'],
  ])('is sent to %j as %s', async (address, uri) => {
    const { hypervisor, qemu } = await bench(LISTEN, 'inmigrate');
    qemu.migration = { 'socket-address': [address] };
    expect(await hypervisor.receive(VM)).toBe(uri);
  });

  it('listens where the pattern says, by its name', async () => {
    const uris: unknown[] = [];
    const { hypervisor, qemu } = await bench({ migration: { listen: 'unix:/run/vms/{vm}.migration' } }, 'inmigrate');
    qemu.deviations.set('migrate-incoming', (_socket, _id, args) => uris.push(args['uri']) < 0);
    await hypervisor.receive(VM);
    expect(uris).toEqual(['unix:/run/vms/web.migration']);
  });

  it('is not received where nothing says where, nor by a QEMU that does not wait for it', async () => {
    const unsaid = await bench({}, 'inmigrate');
    await expectRefused(unsaid.hypervisor.receive(VM), 'no VM comes here');
    const here = await running(LISTEN);
    const { mend } = await expectRefused(here.hypervisor.receive(VM), 'its QEMU is running');
    expect(mend).toContain('-incoming defer');
    await here.qemu.close();
    await expectRefused(here.hypervisor.receive(VM), 'its QEMU does not run');
  });

  it('that does not come is not waited for without end', async () => {
    const slow = await bench({ migration: { ...LISTEN.migration, totalMs: 30 } }, 'inmigrate');
    await slow.hypervisor.receive(VM);
    await expectRefused(slow.hypervisor.arrived(VM), 'it has not come for 30 ms');

    const gone = await bench(LISTEN, 'inmigrate');
    await gone.hypervisor.receive(VM);
    await gone.qemu.close();
    await expectRefused(gone.hypervisor.arrived(VM), 'its QEMU has ended');
  });

  it('that is dismissed leaves a QEMU that may wait again; one that has come is not ended', async () => {
    const { hypervisor, qemu } = await bench(LISTEN, 'inmigrate');
    await hypervisor.receive(VM);
    await hypervisor.dismiss(VM);
    expect([qemu.state, qemu.migration, qemu.told.slice(-1)]).toEqual(['inmigrate', {}, ['quit']]);
    await hypervisor.receive(VM);
    qemu.migrates('completed', 'paused'); // it came half-way, and was not let run
    await hypervisor.dismiss(VM);
    expect(qemu.state).toBe('inmigrate');
    await hypervisor.receive(VM);
    qemu.migrates('completed', 'running');
    await expectRefused(hypervisor.dismiss(VM), 'it has come, and runs');
    expect(qemu.state).toBe('running');
  });
});
