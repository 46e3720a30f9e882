import { afterEach, describe, expect, it } from 'vitest';
import definition from '../src/index.ts';
import { linux } from '../src/linux.ts';

const platform = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor;
afterEach(() => void Object.defineProperty(process, 'platform', platform));

it('is declared as nic-driver af-packet', () => {
  expect(definition).toMatchObject({ kind: 'nic-driver', name: 'af-packet', apiVersion: 1 });
});

describe('on a system without AF_PACKET', () => {
  it('says so, and what can be used', () => {
    Object.defineProperty(process, 'platform', { ...platform, value: 'darwin' });
    expect(() => linux()).toThrow(
      expect.objectContaining({ code: 'FAIRLEAD_ERR_DRIVER_OPEN', mend: expect.stringMatching(/memory or pcap/) }),
    );
  });
});
