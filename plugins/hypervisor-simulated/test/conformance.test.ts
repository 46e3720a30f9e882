import { conformanceLaws } from '@fairlead/sdk/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import simulated, { registerDestination } from '../src/index.ts';

let forget: () => void = () => undefined;
beforeAll(() => {
  forget = registerDestination('full', async () => {
    throw new Error('no room');
  });
});
afterAll(() => forget());

const laws = conformanceLaws(simulated, {
  options: [{}, { host: 'here' }],
  destination: 'elsewhere',
  refusingDestination: 'full',
});

describe('the simulated hypervisor', () => {
  it.each(laws)('$name', async ({ check }) => {
    await expect(Promise.resolve(check())).resolves.toBeUndefined();
  });
});
