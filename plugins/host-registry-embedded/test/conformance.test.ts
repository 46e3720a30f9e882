import { conformanceLaws, type TestRegistry } from '@fairlead/sdk/testing';
import { describe, expect, it } from 'vitest';
import embedded, { putOutOfReach } from '../src/index.ts';

let registries = 0;

const laws = conformanceLaws(embedded, {
  options: [{}, { leaseMs: 500 }],
  registry: (clock): TestRegistry => {
    const name = `registry ${++registries}`;
    let bringBack = (): void => undefined;
    return {
      options: { name },
      reach: (reachable) => {
        if (reachable) bringBack();
        else bringBack = putOutOfReach(name);
      },
      outlive: () => void clock.advance(3_600_000_000),
    };
  },
});

describe('the embedded registry', () => {
  it.each(laws)('$name', async ({ check }) => {
    await expect(Promise.resolve(check())).resolves.toBeUndefined();
  });
});
