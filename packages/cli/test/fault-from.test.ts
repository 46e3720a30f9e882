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

  it('has them too when only the message came over from another thread', () => {
    const plain = new Error(new FairleadError('FAIRLEAD_ERR_DRIVER_OPEN', 'no right', detail).message);
    expect(faultFrom(plain)).toEqual({
      code: 'FAIRLEAD_ERR_DRIVER_OPEN',
      what: 'no right',
      path: 'nics[0].driver',
      mend: 'run as root; or give the right',
    });
  });

  it('is not made of an error without a code', () => {
    expect(() => faultFrom(new TypeError('x is not a function'))).toThrow(TypeError);
    expect(() => faultFrom(new Error('strange [FAIRLEAD_ERR_NEVER_HEARD_OF]'))).toThrow('strange');
  });
});
