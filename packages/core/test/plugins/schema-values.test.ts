import { FairleadError, Microseconds, Milliseconds, Rate, Size, Type } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { checkValue, closest, complaintFrom } from '../../src/plugins/schema-values.ts';

const schema = Type.Object(
  {
    limitBps: Rate({ default: 1e9, description: 'the most it may send' }),
    burstBytes: Type.Optional(Size({ minimum: 1 })),
    waitUs: Type.Optional(Microseconds()),
    stallMs: Type.Optional(Milliseconds({ minimum: 50 })),
    mode: Type.Union([Type.Literal('queue'), Type.Literal('drop')], { default: 'queue' }),
    steps: Type.Optional(
      Type.Array(Type.Object({ rateBps: Rate() }, { additionalProperties: false }), { maxItems: 2 }),
    ),
    rates: Type.Optional(Type.Record(Type.String({ pattern: '^vm' }), Rate(), { additionalProperties: false })),
    nested: Type.Object({ depth: Type.Integer({ default: 3 }) }, { default: {}, additionalProperties: false }),
  },
  { additionalProperties: false },
);

const check = (value: unknown) => checkValue(schema, value, 'FAIRLEAD_ERR_PLUGIN_OPTIONS');
const complaintsAbout = (value: unknown): string[] =>
  check(value).complaints.map(({ path, what }) => `${path}: ${what}`);

describe('a value that fits its schema', () => {
  it.each([undefined, {}])('has its defaults filled in when it is %j', (value) => {
    expect(check(value)).toEqual({ value: { limitBps: 1e9, mode: 'queue', nested: { depth: 3 } }, complaints: [] });
  });

  it('has its quantities in base units, wherever they are', () => {
    const { value, complaints } = check({
      limitBps: '200Mbps',
      burstBytes: '64KiB',
      waitUs: '20ms',
      stallMs: '1.5 s',
      steps: [{ rateBps: '1kbps' }, { rateBps: 7 }],
      rates: { vm1: '2Gbps' },
    });
    expect(complaints).toEqual([]);
    expect(value).toMatchObject({
      limitBps: 2e8,
      burstBytes: 65_536,
      waitUs: 20_000,
      stallMs: 1500,
      steps: [{ rateBps: 1000 }, { rateBps: 7 }],
      rates: { vm1: 2e9 },
    });
  });

  it('is left as it was written', () => {
    const written = { limitBps: '200Mbps', steps: [{ rateBps: '1kbps' }] };
    check(written);
    expect(written).toEqual({ limitBps: '200Mbps', steps: [{ rateBps: '1kbps' }] });
  });

  it('gives each who asks defaults of their own', () => {
    const [first, second] = [check({}).value, check({}).value] as { nested: { depth: number } }[];
    first.nested.depth = 99;
    expect(second.nested.depth).toBe(3);
    expect(check({}).value).toMatchObject({ nested: { depth: 3 } });
  });
});

describe('a value that does not fit', () => {
  it('is complained about in every place at once', () => {
    expect(
      complaintsAbout({
        limitBps: 'fast',
        burstBytes: 0,
        mode: 'wait',
        nested: { depth: 1.5 },
        steps: [{ rateBps: -1 }, {}],
      }),
    ).toEqual([
      'limitBps: "fast" is not a quantity in bps',
      'burstBytes: 0 must be >= 1',
      'mode: "wait" is not a choice here',
      'steps[0].rateBps: -1 must be >= 0',
      'steps[1].rateBps: "rateBps" is missing',
      'nested.depth: 1.5 must be integer',
    ]);
  });

  it('is told what to write instead', () => {
    const { complaints } = check({ limitBps: 'fast', mode: 'wait', stallMs: '5ms', steps: 3 });
    expect(complaints.map(({ path, mend }) => [path, mend])).toEqual([
      ['limitBps', 'write a number with one of bps, kbps, mbps, gbps, tbps, as 200Mbps'],
      ['stallMs', 'write a value that must be >= 50'],
      ['mode', 'use one of: queue, drop'],
      ['steps', 'write an array'],
    ]);
    expect(complaints[0].code).toBe('FAIRLEAD_ERR_UNIT');
    expect(complaints[1].code).toBe('FAIRLEAD_ERR_PLUGIN_OPTIONS');
  });

  it('with an unknown key is told of the nearest one, or of all', () => {
    const { complaints } = check({ limitbps: 5, nested: { dept: 1 }, colour: 'red' });
    expect(complaints.map(({ path, mend }) => [path, mend])).toEqual([
      ['limitbps', 'did you mean "limitBps"?'],
      ['colour', 'use one of: limitBps, burstBytes, waitUs, stallMs, mode, steps, rates, nested'],
      ['nested.dept', 'did you mean "depth"?'],
    ]);
  });

  it('has keys checked by their pattern', () => {
    expect(complaintsAbout({ rates: { vm1: 'much', other: 5 } })).toEqual([
      'rates.vm1: "much" is not a quantity in bps',
      'rates.other: there is no "other" here',
    ]);
  });

  it.each([[5], ['text'], [[]], [true]])('is complained about as a whole when it is %j', (value) => {
    expect(complaintsAbout(value)).toEqual([`: ${JSON.stringify(value)} must be object`]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('is complained about when it is %d', (limitBps) => {
    expect(check({ limitBps }).complaints.map(({ path }) => path)).toEqual(['limitBps']);
  });

  it('does not reach what every object has', () => {
    const { complaints } = check(JSON.parse('{"__proto__": {"mode": "drop"}, "constructor": 1}'));
    expect(complaints.map(({ path }) => path)).toContain('constructor');
    expect(({} as { mode?: string }).mode).toBeUndefined();
  });

  it('is cut in the complaint when it is long', () => {
    const [{ what }] = check({ mode: 'x'.repeat(1000) }).complaints;
    expect(what.length).toBeLessThan(100);
  });
});

it('a schema that is none is the fault of its plugin', () => {
  expect(() => checkValue({ type: 'objekt' }, {}, 'FAIRLEAD_ERR_PLUGIN_OPTIONS')).toThrow(
    expect.objectContaining({ code: 'FAIRLEAD_ERR_PLUGIN_SCHEMA' }),
  );
});

describe('the closest name', () => {
  it.each([
    ['pending-lod', ['round-robin', 'pending-load'], 'pending-load'],
    ['ROUND-ROBIN', ['round-robin', 'pending-load'], 'round-robin'],
    ['nics', ['vms', 'nics'], 'nics'],
    ['limit', ['limitBps'], undefined],
    ['xyz', ['round-robin'], undefined],
    ['a', [], undefined],
  ])('to %s in %j is %s', (name, known, expected) => {
    expect(closest(name, known)).toBe(expected);
  });
});

describe('an error read as a complaint', () => {
  it('has its parts', () => {
    const error = new FairleadError('FAIRLEAD_ERR_UNIT', 'no unit', { where: 'a.b', mend: 'add one' });
    expect(complaintFrom(error, 'x')).toEqual({
      code: 'FAIRLEAD_ERR_UNIT',
      path: 'a.b',
      what: 'no unit',
      mend: 'add one',
    });
    expect(complaintFrom(new FairleadError('FAIRLEAD_ERR_UNIT', 'no unit'), 'x')).toMatchObject({
      path: 'x',
      what: 'no unit',
    });
  });

  it('is thrown on when it is not one of ours', () => {
    const error = new TypeError('a fault of the host');
    expect(() => complaintFrom(error, 'x')).toThrow(error);
  });
});
