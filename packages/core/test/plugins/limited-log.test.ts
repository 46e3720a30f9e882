import { ManualClock } from '@fairlead/sdk/testing';
import { expect, it } from 'vitest';
import { limitedLog, limitedMoves } from '../../src/plugins/limited-log.ts';

it('writes 20 entries a second and says how many it left out', () => {
  const clock = new ManualClock();
  const written: unknown[] = [];
  const log = limitedLog((level, message, fields) => written.push([level, message, fields]), clock);
  for (let i = 0; i < 1000; i++) log.warn('again');
  expect(written).toHaveLength(20);
  clock.advance(1_000_000);
  log.info('later', { guest: 'a' });
  log.info('after that');
  expect(written.slice(20)).toEqual([
    ['info', 'later', { guest: 'a', leftOut: 980 }],
    ['info', 'after that', undefined],
  ]);
});

it('tells 64 moves a second and how many it left out', () => {
  const clock = new ManualClock();
  const told: number[] = [];
  const moves = limitedMoves((_move, leftOut) => told.push(leftOut), clock);
  const move = { team: 0, from: [0], to: [1], cause: 'again' };
  for (let i = 0; i < 100; i++) moves.moved(move);
  clock.advance(1_000_000);
  moves.moved(move);
  moves.moved(move);
  expect(told).toEqual([...Array<number>(64).fill(0), 36, 0]);
});
