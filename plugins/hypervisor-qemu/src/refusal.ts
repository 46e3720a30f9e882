import { FairleadError } from '@fairlead/sdk';
import { isQmpError, type QmpFailure } from './qmp-error.ts';

/** What stands against a call, and what a person can do about it. */
export class Obstacle extends Error {
  readonly mend: string;

  constructor(what: string, mend = 'ask for its status and act on that') {
    super(what);
    this.mend = mend;
  }
}

const MENDS: Readonly<Record<QmpFailure, string>> = {
  absent: 'start its QEMU with -qmp unix:PATH,server=on,wait=off, or name the socket that it has',
  ended: 'look in the log of QEMU why it ended',
  late: 'give Fairlead a QMP socket of its own, since QEMU hears one client at a time; or raise answerMs',
  broken: 'see that the socket is that of a QEMU',
  refused: 'ask for its status and act on that',
};

/** The error of a call that came to nothing. */
export function refusal(hook: string, vm: string, why: unknown): FairleadError {
  const what = why instanceof Error ? why.message : String(why);
  return new FairleadError('FAIRLEAD_ERR_HYPERVISOR', `cannot ${hook} ${vm}: ${what}`, {
    where: `hypervisor qemu, ${hook}`,
    mend: mendOf(why),
    ...(why instanceof Error ? { cause: why } : {}),
  });
}

function mendOf(why: unknown): string {
  if (isQmpError(why)) return MENDS[why.failure];
  return why instanceof Obstacle ? why.mend : 'mend what the system says';
}
