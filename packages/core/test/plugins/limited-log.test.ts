import { ManualClock } from '@fairlead/sdk/testing';
import { expect, it } from 'vitest';
import { limitedLog } from '../../src/plugins/limited-log.ts';

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
