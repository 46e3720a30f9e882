import { FairleadError } from '@fairlead/sdk';

/** The host is in a state in which something cannot be done. */
export function hostState(what: string, mend = 'create another host'): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_HOST_STATE', what, { mend });
}
