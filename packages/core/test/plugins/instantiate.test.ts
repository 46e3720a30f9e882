import {
  type Clock,
  definePlugin,
  inject,
  type Log,
  Logger,
  Nic,
  Nics,
  Options,
  type PluginClass,
  type Random,
  Randomness,
  Time,
  type Token,
  type TransmitBatch,
  Type,
  Vms,
} from '@fairlead/sdk';
import { ManualClock, testNics, testVms } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import { instantiate, type Surroundings } from '../../src/plugins/instantiate.ts';

const logged: unknown[] = [];
const surroundings: Surroundings = {
  nics: testNics([1e9]),
  vms: testVms([{}]),
  clock: new ManualClock(5),
  seed: 7,
  log: (...entry) => logged.push(entry),
};

type Distribution = { select(batch: TransmitBatch): undefined };

function define(implementation: PluginClass<Distribution>) {
  return definePlugin({
    kind: 'load-distribution',
    name: 'given',
    apiVersion: 1,
    options: Type.Object({}),
    implementation,
  });
}

const make = (implementation: unknown, options: unknown = {}): Distribution =>
  instantiate(define(implementation as PluginClass<Distribution>), options, surroundings, 'distribution');

describe('a plugin is given what it asks for', () => {
  it('by decorators', () => {
    class Asking {
      constructor(
        @inject(Nics) readonly nics: unknown,
        @inject(Vms) readonly vms: unknown,
        @inject(Options) readonly options: unknown,
        @inject(Time) readonly clock: Clock,
      ) {}
      select(): undefined {}
    }
    const options = { weighted: true };
    expect(make(Asking, options)).toMatchObject({
      nics: surroundings.nics,
      vms: surroundings.vms,
      options,
      clock: surroundings.clock,
    });
  });

  it('by a static list, in its order', () => {
    class Asking {
      static inject = [Time, Options];
      readonly given: unknown[];
      constructor(...given: unknown[]) {
        this.given = given;
      }
      select(): undefined {}
    }
    expect(make(Asking, 'options')).toMatchObject({ given: [surroundings.clock, 'options'] });
  });

  it('and nothing when it asks for nothing', () => {
    class Modest {
      select(): undefined {}
    }
    expect(make(Modest)).toBeInstanceOf(Modest);
  });

  it('with a log that carries its name', () => {
    class Talking {
      static inject = [Logger];
      constructor(log: Log) {
        log.info('made', { vms: 1 });
        log.warn('careful');
      }
      select(): undefined {}
    }
    logged.length = 0;
    make(Talking);
    expect(logged).toEqual([
      ['info', 'given', 'made', { vms: 1 }],
      ['warn', 'given', 'careful', undefined],
    ]);
  });

  it('with chance of its own: the same in the same place, another in another place or with another seed', () => {
    class Guessing {
      static inject = [Randomness];
      readonly guesses: number[];
      constructor(random: Random) {
        this.guesses = [random.next(), random.next(), random.next()];
      }
      select(): undefined {}
    }
    const definition = define(Guessing as unknown as PluginClass<Distribution>);
    const guesses = (where: string, seed = 7) =>
      (instantiate(definition, {}, { ...surroundings, seed }, where) as unknown as Guessing).guesses;
    expect(guesses('a')).toEqual(guesses('a'));
    expect(guesses('a')).not.toEqual(guesses('b'));
    expect(guesses('a')).not.toEqual(guesses('a', 8));
    for (const guess of guesses('a')) expect(guess >= 0 && guess < 1).toBe(true);
  });

  it('also what only its kind is given, and nobody else', () => {
    class Driver {
      static inject = [Nic];
      constructor(readonly nic: unknown) {}
      link = () => ({ up: true, speedBps: 1 });
      send = () => 0;
      receive = () => 0;
    }
    const definition = definePlugin({
      kind: 'nic-driver',
      name: 'given',
      apiVersion: 1,
      options: Type.Object({}),
      implementation: Driver,
    });
    const driver = instantiate(definition, {}, surroundings, 'nics[0].driver', {
      token: Nic as Token<unknown>,
      value: 'this one',
    });
    expect(driver).toMatchObject({ nic: 'this one' });
    expect(() => instantiate(definition, {}, surroundings, 'nics[0].driver')).toThrow(
      expect.objectContaining({ code: 'FAIRLEAD_ERR_PLUGIN_TOKEN', where: 'nics[0].driver' }),
    );
  });
});

describe('a plugin is refused', () => {
  const refusal = (implementation: unknown): unknown => {
    try {
      return make(implementation);
    } catch (error) {
      return error;
    }
  };

  it('when it asks for a token that nobody knows', () => {
    class Wishful {
      static inject = [Symbol('Wealth') as Token<unknown>];
      constructor(readonly wealth: unknown) {}
      select(): undefined {}
    }
    expect(refusal(Wishful)).toMatchObject({
      code: 'FAIRLEAD_ERR_PLUGIN_TOKEN',
      where: 'distribution',
      message: expect.stringContaining('load-distribution plugin "given" asks for something it is not given'),
    });
  });

  it('when it says of none of its parameters what they are', () => {
    class Mute {
      constructor(readonly nics: unknown) {}
      select(): undefined {}
    }
    // As plain JavaScript: no compiler has left the types of the parameters behind.
    Reflect.deleteMetadata('design:paramtypes', Mute);
    expect(refusal(Mute)).toMatchObject({
      code: 'FAIRLEAD_ERR_PLUGIN_TOKEN',
      mend: expect.stringContaining('@inject(Token)'),
    });
  });

  it.each([
    ['first', [Nics]],
    ['second', [undefined, Nics]],
  ])('when it says only of its %s of two parameters what it is', (_, tokens) => {
    class Half {
      constructor(
        readonly one: unknown,
        readonly two: unknown,
      ) {}
      select(): undefined {}
    }
    Reflect.deleteMetadata('design:paramtypes', Half);
    for (const [index, token] of tokens.entries()) {
      if (token !== undefined) inject(token as Token<unknown>)(Half, undefined, index);
    }
    expect(refusal(Half)).toMatchObject({ code: 'FAIRLEAD_ERR_PLUGIN_TOKEN' });
  });

  it('when its constructor throws, with the cause', () => {
    const cause = new RangeError('too many');
    class Failing {
      constructor() {
        throw cause;
      }
      select(): undefined {}
    }
    expect(refusal(Failing)).toMatchObject({
      code: 'FAIRLEAD_ERR_PLUGIN_CONSTRUCT',
      message: expect.stringContaining('could not be made: too many'),
      cause,
    });
  });

  it('when it has not the hook of its kind', () => {
    class Hookless {
      choose(): undefined {}
    }
    expect(refusal(Hookless)).toMatchObject({
      code: 'FAIRLEAD_ERR_PLUGIN_HOOK',
      message: expect.stringContaining('has no select()'),
    });
  });

  it('when a hook of the data path is async, as a method or as a field', () => {
    class Slow {
      async select(): Promise<undefined> {}
    }
    class SlowField {
      select = async (): Promise<undefined> => undefined;
    }
    for (const implementation of [Slow, SlowField]) {
      expect(refusal(implementation)).toMatchObject({
        code: 'FAIRLEAD_ERR_PLUGIN_ASYNC',
        message: expect.stringContaining('select() of load-distribution plugin "given" is async'),
      });
    }
  });

  it('not when it is of the control path and async', () => {
    class Patient {
      start = async (): Promise<void> => undefined;
      suspend = this.start;
      resume = this.start;
      stop = this.start;
      migrate = this.start;
      throttle = this.start;
      status = async () => 'running' as const;
    }
    const definition = definePlugin({
      kind: 'hypervisor',
      name: 'patient',
      apiVersion: 1,
      options: Type.Object({}),
      implementation: Patient,
    });
    expect(instantiate(definition, {}, surroundings, 'hypervisor')).toBeInstanceOf(Patient);
  });
});
