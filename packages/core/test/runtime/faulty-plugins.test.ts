import { DROP_REASON_COUNT } from '@fairlead/sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { DROP_BYTES, ENDLESS_BYTES, THROW_BYTES } from '../fixtures/parts.mjs';
import { until } from '../given/deadline.ts';
import { BROADCAST, macOf } from '../given/frames.ts';
import { endHost, HURRIED_MS, hangingNics, startHost } from '../given/worker-host.ts';

afterEach(endHost);

describe('a plugin that throws in a worker', () => {
  it('is named and put aside, and not a frame is lost', async () => {
    const host = await startHost({
      distribution: { use: './hanging-distribution.mjs', fallback: { use: './last-nic.mjs' } },
    });
    host.send(0, 20);
    await host.untilTransmitted(0, 20);
    host.send(1, 5, { bytes: THROW_BYTES });
    host.send(0, 20);
    await host.untilTransmitted(0, 40);
    await host.untilTransmitted(1, 5);
    await until(() => host.faults.length > 0, 'the fault is told');
    expect(host.faults).toEqual([{ plugin: 'hanging-distribution', hook: 'select', vm: 'vm1', fallback: 'last-nic' }]);
    expect(host.losses).toEqual([]);
    await host.close();
  });

  it('as a driver does, in receive, is told of once, and its NIC is down', async () => {
    const host = await startHost({
      nics: [
        { name: 'nic0', driver: { use: './hanging-nic.mjs', options: { deaf: true } } },
        { name: 'nic1', driver: { use: 'memory' } },
      ],
    });
    await until(() => host.nicChanges.length > 0, 'the NIC is told of');
    host.send(0, 200);
    await host.untilTransmitted(0, 200);
    expect(host.nicChanges).toEqual(['nic0 down: receive() threw: no interrupt']);
    expect(host.host.nics.status('nic1').txFrames).toBe(200);
    await host.close();
  });

  it('as a driver does, in send, loses no frame: they leave by the other NIC', async () => {
    const host = await startHost({ nics: hangingNics });
    host.send(0, 10, { bytes: THROW_BYTES });
    await until(() => host.host.nics.status('nic1').txFrames === 10, 'the other NIC has sent them');
    expect(host.nicChanges).toEqual(['nic0 down: send() threw: cable on fire']);
    await host.close();
  });
});

describe('a driver that has thrown', () => {
  it('is tried again when its NIC is enabled, also by a worker that has taken the place of another', async () => {
    const host = await startHost({ nics: hangingNics, admission: { use: './hanging-admission.mjs' } }, 1, HURRIED_MS);
    host.send(0, 1, { bytes: THROW_BYTES });
    await until(() => host.nicChanges.length === 1, 'the NIC is down');
    host.send(0, 1, { bytes: ENDLESS_BYTES });
    await until(() => host.host.nics.status('nic1').txFrames === 2, 'another worker has sent both by the other NIC');
    expect(host.losses.length).toBeGreaterThan(0);
    host.host.nics.setAdmin('nic0', true);
    host.send(0, 5);
    await until(() => host.host.nics.status('nic0').txFrames === 5, 'the NIC sends again');
    await host.close();
  });
});

describe('a plugin that never returns', () => {
  it('in admit is named and put aside with its worker, and the traffic of all VMs goes on', async () => {
    const host = await startHost(
      { admission: { use: './hanging-admission.mjs', fallback: { use: './dropping-admission.mjs' } } },
      1,
      HURRIED_MS,
    );
    host.send(1, 20);
    await host.untilTransmitted(1, 20);
    host.send(0, 3);
    host.send(0, 1, { bytes: ENDLESS_BYTES });
    host.send(0, 3);
    host.send(2, 30);
    await host.untilTransmitted(0, 7);
    await host.untilTransmitted(2, 30);
    host.send(1, 20, { bytes: DROP_BYTES });
    host.send(1, 20);
    await host.untilTransmitted(1, 40);
    expect(host.faults).toContainEqual({
      plugin: 'hanging-admission',
      hook: 'admit',
      vm: 'vm0',
      fallback: 'dropping-admission',
    });
    expect(host.losses[0]).toBe('0: stalled');
    await host.close();
    expect(host.host.arena.vms.dropped[DROP_REASON_COUNT]).toBe(20); // by the fallback
  });

  it('in select, after frames of its batch were dropped, leaves none of them in two places', async () => {
    const host = await startHost({
      admission: { use: './dropping-admission.mjs' },
      distribution: { use: './hanging-distribution.mjs' },
      runtime: { kind: 'workers', batchFrames: 256, stallMs: HURRIED_MS },
    });
    await until(() => host.host.arena.threads.isSleeping(0), 'the worker sleeps');
    for (let i = 0; i < 30; i++) host.send(0, 1, { bytes: [DROP_BYTES, 64, ENDLESS_BYTES][i % 3] as number });
    await host.untilTransmitted(0, 20);
    expect(host.faults).toContainEqual({
      plugin: 'hanging-distribution',
      hook: 'select',
      vm: 'vm0',
      fallback: 'first-available',
    });
    await host.close();
    const { vms } = host.host.arena;
    expect([vms.dropped[0], vms.dropped[10], vms.transmittedFrames[0]]).toEqual([10, 0, 20]);
  });

  it('as a driver in send takes its NIC down, and the frames leave by the other', async () => {
    const host = await startHost({ nics: hangingNics }, 1, HURRIED_MS);
    host.send(0, 5);
    await host.untilTransmitted(0, 5);
    host.send(0, 10, { bytes: ENDLESS_BYTES });
    host.send(1, 10);
    await until(() => host.host.nics.status('nic1').txFrames >= 10, 'the other NIC has sent them');
    await host.untilTransmitted(1, 10);
    expect(host.nicChanges[0]).toBe('nic0 down: hanging-nic.send() did not return for 200 ms');
    await host.close();
    expect(host.host.nics.status('nic0').txFrames + host.host.nics.status('nic1').txFrames).toBe(25);
  });

  it('in all workers at once is put aside in each', async () => {
    const host = await startHost({ admission: { use: './hanging-admission.mjs' } }, 2, HURRIED_MS);
    host.send(0, 4, { bytes: ENDLESS_BYTES });
    host.send(1, 4, { bytes: ENDLESS_BYTES });
    await host.untilTransmitted(0, 4);
    await host.untilTransmitted(1, 4);
    const named = new Set(host.faults.filter(({ plugin }) => plugin === 'hanging-admission').map(({ vm }) => vm));
    expect([...named].sort()).toEqual(['vm0', 'vm1']);
    await host.close();
  });

  it('in one worker, does not stop what the other forwards', async () => {
    const host = await startHost({ admission: { use: './hanging-admission.mjs' } }, 2);
    host.send(0, 1, { bytes: ENDLESS_BYTES });
    await until(() => host.host.arena.threads.phase(0).phase === 1, 'the first worker hangs in admit');
    host.send(1, 50);
    await host.untilTransmitted(1, 50);
    expect(host.transmitted(0)).toBe(0);
    await host.host.close();
  });

  it('is ended when the host is closed, and its frames are accounted for', async () => {
    const host = await startHost({ admission: { use: './hanging-admission.mjs' } }, 1, 60_000);
    host.send(1, 5, { to: macOf(2) });
    host.send(0, 3, { to: BROADCAST, bytes: ENDLESS_BYTES });
    await until(() => host.host.arena.threads.phase(0).phase === 1, 'the worker hangs in admit');
    await host.close();
    const { vms } = host.host.arena;
    expect(vms.acceptedFrames[0]).toBe(3);
  });
});
