import type { PluginDefinition } from '@fairlead/sdk';
import { type DeviceEmulator, definePlugin, type NicDriver, Type } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { composeHost } from '../src/compose.ts';
import { Host } from '../src/host.ts';
import { bundled } from './given/bundled.ts';
import { BEYOND, frame, macOf, markOf } from './given/frames.ts';
import { guestOf, inlineHost, memoryNic, memoryVm, nicOf } from './given/inline-host.ts';

const noOptions = Type.Object({});

function driver(name: string, implementation: new () => Partial<NicDriver>): PluginDefinition {
  const given = { kind: 'nic-driver', name, apiVersion: 1, options: noOptions, implementation } as const;
  return definePlugin(given as never) as unknown as PluginDefinition;
}

function device(name: string, implementation: new () => Partial<DeviceEmulator>): PluginDefinition {
  const given = { kind: 'device-emulator', name, apiVersion: 1, options: noOptions, implementation } as const;
  return definePlugin(given as never) as unknown as PluginDefinition;
}

const traffic = { use: 'memory', options: { traffic: { rateBps: '50Mbps', frameBytes: 1000, pattern: 'poisson' } } };

describe('a host on the inline runtime', () => {
  it('carries frames both ways', async () => {
    const host = await inlineHost();
    const guest = guestOf(host, 'vm0');
    guest.send(frame({ from: macOf(0), mark: 1 }));
    nicOf(host, 'nic1').deliver(frame({ from: BEYOND, to: macOf(0), mark: 2 }));
    host.run(1000);
    expect(nicOf(host, 'nic0').takeTransmitted().map(markOf)).toEqual([1]);
    expect(markOf(guest.receive() as Uint8Array)).toBe(2);
    host.assertConserved();
    await host.close();
  });

  it('does the same again with the same seed, and something else with another', async () => {
    const run = async (seed: number): Promise<string> => {
      const host = await inlineHost({
        seed,
        nics: [memoryNic('nic0', { loss: 0.1, wireFrames: 5000 }), memoryNic('nic1', { speedBps: '20Mbps' })],
        vms: [memoryVm(0, { device: traffic }), memoryVm(1, { device: traffic })],
        distribution: { use: 'pending-load' },
      });
      host.run(50_000);
      const sent = ['nic0', 'nic1'].flatMap((name) => nicOf(host, name).takeTransmitted());
      host.assertConserved();
      await host.close();
      return sent.map((bytes) => Buffer.from(bytes.subarray(6, 42)).toString('hex')).join();
    };
    const first = await run(3);
    expect(first.length).toBeGreaterThan(1000);
    expect(await run(3)).toBe(first);
    expect(await run(4)).not.toBe(first);
  });

  it('lets a VM that is not to start send nothing until it is started', async () => {
    const host = await inlineHost({ vms: [memoryVm(0, { device: traffic, start: false }), memoryVm(1)] });
    host.run(20_000);
    expect(host.vms.status('vm0')).toMatchObject({ state: 'stopped', acceptedFrames: 0 });
    await host.vms.start('vm0');
    host.run(20_000);
    expect(host.vms.status('vm0').acceptedFrames).toBeGreaterThan(50);
    await host.close();
  });

  it('sends what a VM had handed over before it was suspended, and nothing more', async () => {
    const host = await inlineHost({
      nics: [memoryNic('nic0', { speedBps: '10Mbps' })],
      vms: [memoryVm(0, { device: traffic })],
    });
    host.run(5000);
    await host.vms.suspend('vm0');
    const { acceptedFrames } = host.vms.status('vm0');
    host.run(1_000_000, 500);
    expect(host.vms.status('vm0')).toMatchObject({
      acceptedFrames,
      transmittedFrames: acceptedFrames,
      state: 'suspended',
    });
    expect(nicOf(host, 'nic0').counters.sentFrames).toBe(acceptedFrames);
    await host.vms.resume('vm0');
    host.run(5000);
    expect(host.vms.status('vm0').acceptedFrames).toBeGreaterThan(acceptedFrames);
    await host.close();
  });

  it('moves the frames of a NIC that goes down to another one, and tells of it', async () => {
    const host = await inlineHost({ nics: [memoryNic('nic0', { speedBps: '1Mbps' }), memoryNic('nic1')] });
    const changes: unknown[] = [];
    host.on('nic', (change) => changes.push(change));
    for (let mark = 0; mark < 20; mark++) guestOf(host, 'vm0').send(frame({ from: macOf(0), bytes: 1000, mark }));
    host.run(9_000);
    nicOf(host, 'nic0').setLink(false);
    host.run(50_000);
    const [first, second] = ['nic0', 'nic1'].map((name) => nicOf(host, name).takeTransmitted().map(markOf));
    expect([...first, ...second]).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(second.length).toBeGreaterThan(10);
    expect(changes).toEqual([{ nic: 'nic0', state: 'down', cause: 'link down' }]);
    expect(host.nics.status('nic0').failover).toBe(false);
    host.assertConserved();
    await host.close();
  });

  it('names a driver that throws, and goes on without its NIC until it is enabled again', async () => {
    let failing = false;
    class Moody {
      link = () => ({ up: true, speedBps: 1e9 });
      receive = () => 0;
      send(burst: { count: number }): number {
        if (failing) throw new Error('cable on fire');
        return burst.count;
      }
    }
    const host = await inlineHost({ nics: [{ name: 'nic0', driver: { use: 'moody' } }, memoryNic('nic1')] }, [
      driver('moody', Moody),
    ]);
    const changes: unknown[] = [];
    host.on('nic', ({ nic, state, cause }) => changes.push([nic, state, cause]));
    failing = true;
    guestOf(host, 'vm0').send(frame({ from: macOf(0), mark: 4 }));
    host.run(1000);
    expect(changes).toEqual([['nic0', 'down', 'send() threw: cable on fire']]);
    expect(nicOf(host, 'nic1').takeTransmitted().map(markOf)).toEqual([4]);
    failing = false;
    host.nics.setAdmin('nic0', true);
    guestOf(host, 'vm0').send(frame({ from: macOf(0), mark: 5 }));
    host.run(1000);
    expect(host.nics.status('nic0')).toMatchObject({ state: 'up', txFrames: 1 });
    host.assertConserved();
    await host.close();
  });

  it('puts a device that throws aside, and carries the frames of the others on', async () => {
    class Faulty {
      poll(nowUs: number): number {
        if (nowUs > 500) throw new Error('bad descriptor');
        return nowUs + 100;
      }
    }
    const host = await inlineHost({ vms: [memoryVm(0, { device: { use: 'faulty' } }), memoryVm(1)] }, [
      device('faulty', Faulty),
    ]);
    const failures: unknown[] = [];
    host.on('device', (failure) => failures.push(failure));
    host.run(2000);
    guestOf(host, 'vm1').send(frame({ from: macOf(1), mark: 3 }));
    guestOf(host, 'vm1').send(frame({ from: macOf(1), to: macOf(0) }));
    host.run(1000);
    expect(failures).toEqual([{ device: 'vm0', message: 'bad descriptor' }]);
    expect(nicOf(host, 'nic0').takeTransmitted().map(markOf)).toEqual([3]);
    host.assertConserved();
    await host.close();
  });

  it('names what it has not, and refuses what its state forbids', async () => {
    const host = await inlineHost();
    expect(() => host.device('vm9')).toThrow(expect.objectContaining({ mend: 'use one of: vm0, vm1' }));
    const forbidden = expect.objectContaining({ code: 'FAIRLEAD_ERR_HOST_STATE' });
    await expect(host.start()).rejects.toEqual(forbidden);
    await host.close();
    await host.close();
    expect(() => host.run(1)).toThrow(forbidden);
    expect(() => host.pass()).toThrow(forbidden);
    await expect(host.start()).rejects.toEqual(forbidden);
  });
});

describe('a host that cannot start', () => {
  it('gives back what it has opened and says what failed', async () => {
    const calls: string[] = [];
    class Fine {
      open = async () => void calls.push('open fine');
      close = async () => void calls.push('close fine');
      link = () => ({ up: true, speedBps: 1 });
      send = () => 0;
      receive = () => 0;
    }
    class Broken extends Fine {
      override open = async () => {
        throw new Error('no such device');
      };
      override close = async () => void calls.push('close broken');
    }
    const given = [driver('fine', Fine), driver('broken', Broken)];
    const composition = await composeHost(
      {
        nics: [
          { name: 'nic0', driver: { use: 'fine' } },
          { name: 'nic1', driver: { use: 'broken' } },
        ],
        vms: [memoryVm(0)],
        runtime: { kind: 'inline' },
      },
      { bases: [bundled], definitions: new Map(given.map((one) => [`nic-driver/${one.name}`, one])) },
    );
    const host = new Host(composition);
    await expect(host.start()).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_DRIVER_OPEN',
      where: 'nics[1].driver',
      message: expect.stringContaining('no such device'),
    });
    expect(calls).toEqual(['open fine', 'close fine', 'close broken']);
  });

  it('says which virtual NIC could not be opened', async () => {
    class Broken {
      open = async () => {
        throw new Error('address in use');
      };
      poll = () => 0;
    }
    await expect(
      inlineHost({ vms: [memoryVm(0, { device: { use: 'broken' } })] }, [device('broken', Broken)]),
    ).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_DEVICE_OPEN',
      where: 'vms[0].device',
      message: expect.stringContaining('virtual NIC "vm0" could not be opened: address in use'),
    });
  });

  it('refuses memory that does not fit', async () => {
    await expect(inlineHost({ memory: { txRingFrames: 100 } })).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_MEMORY_LAYOUT',
      where: 'memory.txRingFrames',
    });
  });
});
