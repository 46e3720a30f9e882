import { FairleadError } from '@fairlead/sdk';
import { describe, expect, it } from 'vitest';
import { faultFrom } from '../src/fault-from.ts';

describe('a thrown error as a fault', () => {
  const detail = { where: 'nics[0].driver', mend: 'run as root; or give the right' };
  const error = new FairleadError('FAIRLEAD_ERR_DRIVER_OPEN', 'no right to open (at all)', detail);

  it('has the parts of the error', () => {
    expect(faultFrom(error)).toEqual({
      code: 'FAIRLEAD_ERR_DRIVER_OPEN',
      what: 'no right to open (at all)',
      path: 'nics[0].driver',
      mend: 'run as root; or give the right',
    });
  });

  it('is not made of an error without a code', () => {
    expect(() => faultFrom(new TypeError('x is not a function'))).toThrow(TypeError);
  });
});
