import { FairleadError } from '@fairlead/sdk';

/** Who has which VM, where there are several hosts. */
export interface VmOwners {
  /** A VM is to be started: it is this host's now, or this rejects. */
  take(name: string): Promise<void>;
  /** A VM was stopped: another host may start it. */
  giveUp(name: string): void;
  /** Moves a VM to another host: to the one named, or to the one that suits best. */
  migrate(name: string, destination: string | undefined): Promise<void>;
}

/** Nobody says where a VM could go. */
export function nowhere(name: string): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_MIGRATION', `no other host is known that VM "${name}" could go to`, {
    where: 'registry',
    mend: 'configure a registry of hosts, or name the destination',
  });
}
