import { describe, expect, it } from 'vitest';
import { conformanceLaws } from '../src/testing/index.ts';
import memoryRegistry, { ledgerNamed } from './reference/memory-registry.ts';
import suspend from './reference/suspend-responder.ts';

let registries = 0;

describe('the suspend responder', () => {
  it.each(conformanceLaws(suspend, { options: [{}, { minConfidence: 0 }, { minConfidence: 1 }] }))(
    '$name',
    async ({ check }) => {
      await expect(Promise.resolve(check())).resolves.toBeUndefined();
    },
  );
});

describe('the registry in memory', () => {
  it.each(conformanceLaws(memoryRegistry))('$name, as one instance', async ({ check }) => {
    await expect(Promise.resolve(check())).resolves.toBeUndefined();
  });

  const shared = conformanceLaws(memoryRegistry, {
    registry: (clock) => {
      const name = `registry ${++registries}`;
      return {
        options: { name },
        reach: (reachable) => {
          ledgerNamed(name).reachable = reachable;
        },
        outlive: () => void clock.advance(10_000_001),
      };
    },
  });
  it.each(shared)('$name, with an instance for each host', async ({ check }) => {
    await expect(Promise.resolve(check())).resolves.toBeUndefined();
  });
});
