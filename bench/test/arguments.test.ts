import { describe, expect, it } from 'vitest';
import { parseArguments } from '../src/arguments.ts';
import { json, table } from '../src/report.ts';

const groups = ['transmit', 'ring'];

describe('the command line of the bench', () => {
  it('picks groups, rounds and a file', () => {
    expect(parseArguments(['--only', 'ring,transmit', '--rounds', '3', '--json', 'out.json'], groups)).toEqual({
      only: ['ring', 'transmit'],
      rounds: 3,
      json: 'out.json',
      help: false,
    });
    expect(parseArguments([], groups)).toEqual({ only: undefined, rounds: 5, json: undefined, help: false });
  });

  it('names what is wrong and what there is', () => {
    expect(() => parseArguments(['--only', 'rings'], groups)).toThrow(
      '--only rings: there is no such group; there are transmit, ring',
    );
    expect(() => parseArguments(['--rounds', '0'], groups)).toThrow(
      '--rounds 0: a whole number from 1 to 100 is needed',
    );
    expect(() => parseArguments(['--quick'], groups)).toThrow('--quick');
  });
});

describe('the report', () => {
  const row = {
    name: 'transmit.c_ratio',
    unit: 'times',
    value: 1.3125,
    spread: 0.041,
    ours: 11.8,
    peer: 9,
    peerName: 'c staged',
    aim: { atMost: 1.5 },
    met: true,
  };
  const alone = {
    ...row,
    name: 'ring.m_per_s',
    unit: 'M/s',
    value: 480,
    peer: undefined,
    peerName: undefined,
    aim: {},
  };

  it('is a table with a line per row', () => {
    expect(table([row, alone])).toMatchInlineSnapshot(`
      "row               value       ours  peer            aim         spread
      transmit.c_ratio  1.31 times  11.8  9.00  c staged  ≤ 1.5  met  4%
      ring.m_per_s      480 M/s     11.8  –                           4%"
    `);
  });

  it('is JSON by row name, without a peer where there is none', () => {
    const written = JSON.parse(json([row, alone], 5));
    expect(written.rows['transmit.c_ratio']).toMatchObject({ value: 1.3125, spread: 0.041, peer: 9, met: true });
    expect(written.rows['transmit.c_ratio'].ratio).toBeCloseTo(11.8 / 9);
    expect(written.rows['ring.m_per_s']).not.toHaveProperty('peer');
  });
});
