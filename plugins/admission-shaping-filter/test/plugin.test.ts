import { isPluginDefinition, REQUIRED_HOOKS } from '@fairlead/sdk';
import { conformanceLaws, testVms } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import plugin, { options, ShapingFilter } from '../src/index.ts';
import { written } from './given.ts';

it('is the admission plugin shaping-filter', () => {
  expect(isPluginDefinition(plugin)).toBe(true);
  expect([plugin.kind, plugin.name, plugin.implementation]).toEqual(['admission', 'shaping-filter', ShapingFilter]);
});

it.each(['token-bucket', 'srtcm', 'trtcm', 'trtcm-4115'] as const)(
  'has every hook of its point with meter %s',
  (meter) => {
    const policy = new ShapingFilter(testVms([{}]), written({ meter }));
    for (const hook of REQUIRED_HOOKS.admission) expect(policy[hook as 'admit']).toBeTypeOf('function');
  },
);

it('describes every option, gives each a default and refuses unknown ones', () => {
  const poor = Object.entries(options.properties).filter(
    ([, property]) => !('description' in property) || !('default' in property),
  );
  expect(poor).toEqual([]);
  expect(options.additionalProperties).toBe(false);
});

describe('as every admission policy, it', () => {
  const meters = (['srtcm', 'trtcm', 'trtcm-4115'] as const).flatMap((meter) => [
    { meter, yellow: 'drop' as const },
    { meter, yellow: 'queue' as const, red: 'queue' as const },
  ]);
  // The bounds are tried one at a time, and a meter's colours mean nothing to the token bucket.
  it.each(conformanceLaws(plugin, { options: meters }))('$name', ({ check }) => expect(check).not.toThrow());
});
