import { definePlugin, type LoadDistribution, type PluginDefinition, Type } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import type { HostFault } from '../../src/host-events.ts';
import { HandProbe } from '../given/cost-probe.ts';
import { frame, macOf, markOf } from '../given/frames.ts';
import { guestOf, inlineHost, nicOf } from '../given/inline-host.ts';

class Sound implements LoadDistribution {
  select(batch: { nic: Int32Array; count: number }): undefined {
    batch.nic.fill(0, 0, batch.count);
  }
}
const sound = {
  kind: 'load-distribution',
  name: 'bad',
  apiVersion: 1,
  options: Type.Object({}),
  implementation: Sound,
};
const bad = (change: object): PluginDefinition =>
  definePlugin({ ...sound, ...change } as never) as unknown as PluginDefinition;
const selecting = (select: (batch: { nic: Int32Array; count: number }) => unknown): PluginDefinition =>
  bad({
    implementation: class {
      select = (batch: { nic: Int32Array; count: number }): unknown => select(batch);
    },
  });

class Circular extends Sound {
  static inject: unknown[] = [];
}
Circular.inject = [Circular];
class Part extends Object {
  static inject: unknown[] = [];
}
class ByWayOf extends Sound {
  static inject = [Part];
}
Part.inject = [ByWayOf];

describe('a bad plugin keeps the host from being made, under a code of its own that names it and the mend', () => {
  it.each<[string, string, PluginDefinition | undefined]>([
    ['that is missing', 'FAIRLEAD_ERR_PLUGIN_NOT_FOUND', undefined],
    ['built for another apiVersion', 'FAIRLEAD_ERR_PLUGIN_API_VERSION', bad({ apiVersion: 7 })],
    [
      'whose schema does not compile',
      'FAIRLEAD_ERR_PLUGIN_SCHEMA',
      bad({ options: { type: 'object', properties: { a: { type: 'no' } } } }),
    ],
    [
      'that throws in its constructor',
      'FAIRLEAD_ERR_PLUGIN_CONSTRUCT',
      bad({
        implementation: class extends Sound {
          constructor() {
            super();
            throw new Error('not today');
          }
        },
      }),
    ],
    [
      'that asks for a token that does not exist',
      'FAIRLEAD_ERR_PLUGIN_TOKEN',
      bad({
        implementation: class extends Sound {
          static inject = [Symbol('nothing')];
        },
      }),
    ],
    ['that asks for itself', 'FAIRLEAD_ERR_PLUGIN_CIRCULAR', bad({ implementation: Circular })],
    ['that asks for what asks for it', 'FAIRLEAD_ERR_PLUGIN_CIRCULAR', bad({ implementation: ByWayOf })],
    ['without its hook', 'FAIRLEAD_ERR_PLUGIN_HOOK', bad({ implementation: class extends Object {} })],
    [
      'whose kernel is async',
      'FAIRLEAD_ERR_PLUGIN_ASYNC',
      bad({
        implementation: class {
          async select(): Promise<void> {}
        },
      }),
    ],
  ])('%s', async (_, code, definition) => {
    const given = definition === undefined ? [] : [definition];
    const made = inlineHost({ distribution: { use: 'bad' } }, given);
    await expect(made).rejects.toMatchObject({
      code,
      where: expect.stringMatching(/^distribution/),
      mend: expect.stringMatching(/\w/),
      message: expect.stringContaining('"bad"'),
    });
  });
});

describe('a bad plugin in a host that runs is put aside under a code of its own, and the host goes on', () => {
  it.each<[string, string, PluginDefinition]>([
    [
      'that throws',
      'FAIRLEAD_ERR_PLUGIN_THREW',
      selecting(() => {
        throw new Error('lost');
      }),
    ],
    ['that returns a promise', 'FAIRLEAD_ERR_PLUGIN_ASYNC', selecting(() => Promise.resolve())],
    ['whose promise fails later', 'FAIRLEAD_ERR_PLUGIN_ASYNC', selecting(() => Promise.reject(new Error('late')))],
    ['that returns a value', 'FAIRLEAD_ERR_PLUGIN_ANSWER', selecting(() => 3)],
    [
      'that writes a NIC out of range',
      'FAIRLEAD_ERR_PLUGIN_RANGE',
      selecting((batch) => void batch.nic.fill(77, 0, batch.count)),
    ],
    ['that writes behind the batch', 'FAIRLEAD_ERR_PLUGIN_RANGE', selecting((batch) => void batch.nic.fill(0))],
  ])('%s', async (_, code, definition) => {
    const host = await inlineHost({ distribution: { use: 'bad' }, runtime: { kind: 'inline', sampleEvery: 1 } }, [
      definition,
    ]);
    const faults: HostFault[] = [];
    host.on('fault', (fault) => faults.push(fault));
    for (let mark = 0; mark < 5; mark++) guestOf(host, 'vm0').send(frame({ from: macOf(0), mark }));
    host.run(2000);
    expect(faults).toEqual([
      expect.objectContaining({
        plugin: 'bad',
        hook: 'select',
        code,
        vm: 'vm0',
        fallback: 'first-available',
        input: expect.objectContaining({ frames: 5 }),
      }),
    ]);
    expect(faults[0].message).toMatch(/first-available serves in its place/);
    expect(nicOf(host, 'nic0').takeTransmitted().map(markOf)).toEqual([0, 1, 2, 3, 4]);
    host.assertConserved();
    await host.close();
  });
});

describe('a constructor that takes more memory than its budget', () => {
  const distribution = (memoryBytes: number) => ({ use: 'bad', budget: { memoryBytes } });

  it.each([
    ['keeps the host from starting, told with what it took', 4096, 5000, false],
    ['of which it stays within by a byte, does not', 5000, 5000, true],
  ])('%s', async (_, memoryBytes, takesBytes, starts) => {
    const probe = new HandProbe();
    const definition = bad({
      implementation: class extends Sound {
        constructor() {
          super();
          probe.takeBytes(takesBytes);
        }
      },
    });
    const made = inlineHost({ distribution: distribution(memoryBytes) }, [definition], { probe });
    if (starts) return void (await (await made).close());
    await expect(made).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_PLUGIN_BUDGET',
      where: 'distribution',
      what: 'the constructor of bad has taken 5000 bytes; its budget is 4096 bytes',
    });
  });
});

describe('a control call that is never answered', () => {
  const never = (): Promise<void> => new Promise(() => undefined);
  const driver = (hooks: object): PluginDefinition => {
    class Mute {
      link = () => ({ up: true, speedBps: 1e9 });
      send = (burst: { count: number }): number => burst.count;
      receive = (): number => 0;
      constructor() {
        Object.assign(this, hooks);
      }
    }
    return bad({ kind: 'nic-driver', implementation: Mute });
  };
  const nics = [{ name: 'nic0', driver: { use: 'bad', budget: { controlMs: 20 } } }];

  it('keeps the host from starting, when it is open', async () => {
    await expect(inlineHost({ nics }, [driver({ open: never })])).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_PLUGIN_LATE',
      where: 'nics[0].driver',
      what: 'bad.open() has not been answered for 20 ms',
    });
  });

  it('is told, and the host closes all the same, when it is close', async () => {
    const host = await inlineHost({ nics }, [driver({ close: never })]);
    const faults: HostFault[] = [];
    host.on('fault', (fault) => faults.push(fault));
    await host.close();
    expect(faults.map(({ plugin, hook, code }) => [plugin, hook, code])).toEqual([
      ['bad', 'close', 'FAIRLEAD_ERR_PLUGIN_LATE'],
    ]);
  });
});

describe('a call to the hypervisor that is never answered', () => {
  it('fails in its time, and the VM is as the hypervisor says it is', async () => {
    const answered = async (): Promise<void> => undefined;
    const late = bad({
      kind: 'hypervisor',
      implementation: class {
        start = answered;
        suspend = (): Promise<void> => new Promise(() => undefined);
        resume = answered;
        stop = answered;
        migrate = answered;
        throttle = answered;
        status = async (): Promise<string> => 'running';
      },
    });
    const host = await inlineHost({ hypervisor: { use: 'bad', budget: { controlMs: 20 } } }, [late]);
    await expect(host.vms.suspend('vm0')).rejects.toMatchObject({
      code: 'FAIRLEAD_ERR_HYPERVISOR',
      where: 'hypervisor.suspend',
      cause: { code: 'FAIRLEAD_ERR_PLUGIN_LATE', what: 'bad.suspend() has not been answered for 20 ms' },
    });
    expect(host.vms.status('vm0').state).toBe('running');
    guestOf(host, 'vm0').send(frame({ from: macOf(0), mark: 7 }));
    host.run(1000);
    expect(host.vms.status('vm0').transmittedFrames).toBe(1);
    host.assertConserved();
    await host.close();
  });
});

describe('an inline host whose policy has the failure mode stop', () => {
  it('stops in the middle of a run, says why, and has every frame accounted for', async () => {
    let calls = 0;
    const definition = selecting((batch) => {
      if (++calls > 1) throw new Error('lost');
      batch.nic.fill(0, 0, batch.count);
      return undefined;
    });
    const host = await inlineHost({ distribution: { use: 'bad', fail: 'stop' } }, [definition]);
    const stopped = new Promise<unknown>((resolve) => host.once('stopped', resolve));
    guestOf(host, 'vm0').send(frame({ from: macOf(0), mark: 1 }));
    host.run(1000);
    for (const mark of [2, 3]) guestOf(host, 'vm0').send(frame({ from: macOf(0), mark }));
    host.run(1_000_000);
    expect(host.nowUs).toBeLessThan(20_000);
    expect(await stopped).toMatchObject({ code: 'FAIRLEAD_ERR_HOST_STOPPED', where: 'bad.select' });
    expect(nicOf(host, 'nic0').takeTransmitted().map(markOf)).toEqual([1]);
    expect(host.arena.txRings.length(0)).toBe(2);
    expect(() => host.run(1)).toThrow(expect.objectContaining({ code: 'FAIRLEAD_ERR_HOST_STOPPED' }));
    host.assertConserved();
  });
});
