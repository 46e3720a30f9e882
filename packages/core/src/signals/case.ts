import type { Signal } from '@fairlead/sdk';
import type { Accepted, ChainLink } from './answer.ts';
import type { Reach } from './reach.ts';

/** An action that stands. */
export interface Standing {
  readonly id: number;
  readonly link: ChainLink;
  readonly accepted: Accepted;
  readonly reach: Reach;
  /** Set once it is being taken back. */
  ending?: Promise<void>;
}

/** One matter that a chain is concerned with: a VM, a NIC or the host, while a signal about it lasts or an action stands. */
export interface Case {
  /** VM number; NICs and the host have negative ones. */
  readonly target: number;
  /** Name of the VM; empty for none. */
  readonly vm: string;
  /** The latest one about it. */
  signal: Signal;
  /** Since when. */
  beganUs: number;
  /** When it was there last. */
  seenUs: number;
  /** False once it is over. */
  signalled: boolean;
  /** Place in the chain of who acted last; -1 for nobody. */
  place: number;
  /** When that was. */
  actedUs: number;
  /** Nobody is asked before. */
  notBeforeUs: number;
  /** The chain is being asked. */
  asking: boolean;
  /** An operator has undone an action: he knows better, until the signal is over. */
  leftAlone: boolean;
  /** Why nothing is done, as it was told last. */
  objection: string;
  readonly standing: Set<Standing>;
}

/** The key of what a signal is about. */
export function targetOf({ vm, nic }: Signal): number {
  if (vm !== undefined) return vm;
  return nic === undefined ? -1 : -2 - nic;
}

export function newCase(signal: Signal, vm: string, nowUs: number): Case {
  return {
    target: targetOf(signal),
    vm,
    signal,
    beganUs: nowUs,
    seenUs: nowUs,
    signalled: true,
    place: -1,
    actedUs: nowUs,
    notBeforeUs: nowUs,
    asking: false,
    leftAlone: false,
    objection: '',
    standing: new Set(),
  };
}
