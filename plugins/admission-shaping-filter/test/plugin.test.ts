import { isPluginDefinition, REQUIRED_HOOKS } from '@fairlead/sdk';
import { testVms } from '@fairlead/sdk/testing';
import { expect, it } from 'vitest';
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
