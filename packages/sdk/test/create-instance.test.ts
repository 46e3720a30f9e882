import { describe, expect, it } from 'vitest';
import {
  type Clock,
  definePlugin,
  Logger,
  Nic,
  Nics,
  Options,
  type OptionsSchema,
  type PluginClass,
  Port,
  Randomness,
  Rate,
  Size,
  Time,
  type Token,
  type TransmitBatch,
  Type,
  Vms,
} from '../src/index.ts';
import { conformanceLaws, createInstance, ManualClock, TestPort, testNics } from '../src/testing/index.ts';

class Asks {
  static readonly inject: readonly Token<unknown>[] = [Options, Nics, Vms, Time, Randomness, Logger];
  readonly given: readonly unknown[];
  constructor(...given: unknown[]) {
    this.given = given;
  }
  admit(): undefined {}
}

const schema = Type.Object(
  {
    rateBps: Rate({ default: 1000, minimum: 1 }),
    burstBytes: Type.Optional(Size({ maximum: 2048 })),
    mode: Type.Union([Type.Literal('queue'), Type.Literal('police')], { default: 'queue' }),
    limits: Type.Record(Type.String(), Rate(), { default: {} }),
  },
  { additionalProperties: false },
);

function admission<S extends OptionsSchema>(options: S, implementation: PluginClass<unknown>) {
  return definePlugin({
    kind: 'admission',
    name: 'asks',
    apiVersion: 1,
    options,
    implementation: implementation as PluginClass<Asks>,
  });
}

const asks = admission(schema, Asks);

describe('an instance made for a test', () => {
  it('is given what it asks for by token, in order, and test doubles for what the test does not give', () => {
    const nics = testNics([1e9]);
    const { given } = createInstance(asks, {}, { nics }) as Asks;
    expect(given[1]).toBe(nics);
    expect((given[2] as { count: number }).count).toBe(1);
    expect((given[3] as Clock).nowUs()).toBe(0);
    expect(given[3]).toBeInstanceOf(ManualClock);
    expect(given).toHaveLength(6);
  });

  it('has its defaults filled in and its quantities as numbers, and what the test wrote stays as it is', () => {
    const written = { rateBps: '200Mbps', burstBytes: '2KiB', limits: { vm0: '1Gbps' } } as const;
    const { given } = createInstance(asks, written) as Asks;
    expect(given[0]).toEqual({ rateBps: 200e6, burstBytes: 2048, mode: 'queue', limits: { vm0: 1e9 } });
    expect(written.rateBps).toBe('200Mbps');
    expect((createInstance(asks) as Asks).given[0]).toEqual({ rateBps: 1000, mode: 'queue', limits: {} });
  });

  it.each([
    [{ rateBps: 0 }, 'FAIRLEAD_ERR_PLUGIN_OPTIONS', '0: expected number to be greater or equal to 1'],
    [{ rateBps: '5 furlongs' }, 'FAIRLEAD_ERR_UNIT', 'is not a quantity in bps'],
    [{ burstBytes: '1MiB' }, 'FAIRLEAD_ERR_PLUGIN_OPTIONS', 'burstBytes'],
    [{ mode: 'drop' }, 'FAIRLEAD_ERR_PLUGIN_OPTIONS', 'mode'],
    [{ rate: 1 }, 'FAIRLEAD_ERR_PLUGIN_OPTIONS', 'unexpected property'],
  ])('is refused options that do not fit: %j', (options, code, message) => {
    expect(() => createInstance(asks, options as object)).toThrow(expect.objectContaining({ code }));
    expect(() => createInstance(asks, options as object)).toThrow(message);
  });

  it('is refused when it asks for what its kind is not given, names no token, throws or lacks a hook', () => {
    const none = Type.Object({});
    class NoToken {
      constructor(readonly nics: unknown) {}
      admit(): undefined {}
    }
    const throws = class extends Asks {
      constructor() {
        super();
        throw new RangeError('too wide');
      }
    };
    const wrong: [PluginClass<unknown>, string, string][] = [
      [
        class extends Asks {
          static override readonly inject = [Nic];
        },
        '_TOKEN',
        'parameter 1 of its constructor asks for fairlead.Nic',
      ],
      [NoToken, '_TOKEN', 'parameter 1 of its constructor names no token'],
      [throws, '_CONSTRUCT', 'its constructor threw: too wide'],
      [
        class {
          readonly other = 1;
        },
        '_HOOK',
        'it has no admit()',
      ],
    ];
    for (const [implementation, code, message] of wrong) {
      const make = () => createInstance(admission(none, implementation));
      expect(make).toThrow(expect.objectContaining({ code: `FAIRLEAD_ERR_PLUGIN${code}` }));
      expect(make).toThrow(message);
    }
  });

  it('of a driver is given a NIC, of a device a port', () => {
    class Driver extends Asks {
      static override readonly inject = [Nic];
      link = () => ({ up: true, speedBps: 0 });
      send = () => 0;
      receive = () => 0;
    }
    class Device extends Asks {
      static override readonly inject = [Port];
      poll = () => 0;
    }
    const options = Type.Object({});
    const about = { name: 'mine', apiVersion: 1, options } as const;
    const driver = createInstance(definePlugin({ kind: 'nic-driver', implementation: Driver, ...about }));
    expect((driver as Driver).given).toMatchObject([{ index: 0, role: 'both', receives: true }]);
    const port = new TestPort();
    const device = createInstance(
      definePlugin({ kind: 'device-emulator', implementation: Device, ...about }),
      {},
      { port },
    );
    expect((device as Device).given[0]).toBe(port);
  });
});

it('the laws of a plugin are those of its kind', () => {
  const everything = admission(
    Type.Object({}),
    class {
      admit(_batch: TransmitBatch): undefined {}
    },
  );
  const laws = conformanceLaws(everything);
  expect(laws.length).toBeGreaterThanOrEqual(10);
  for (const { check } of laws) expect(check).not.toThrow();
});
