import type { HostInfo } from '@fairlead/sdk';

/** Answers what other hosts ask of one. */
export type Handler = (question: Uint8Array) => Promise<Uint8Array>;

/** What the hosts of one registry have in common. */
export interface Ledger {
  readonly announced: Map<string, { readonly info: HostInfo; readonly expiresAtUs: number }>;
  readonly owners: Map<string, string>;
  readonly handlers: Map<string, Handler>;
  /** Hosts that cannot reach it; `undefined` stands for all of them. */
  readonly cutOff: Set<string | undefined>;
  /** Instances that use it. */
  users: number;
}

const ledgers = new Map<string, Ledger>();

/** The registry of a name in this process; there is one as long as anybody uses it. */
export function useLedger(name: string): Ledger {
  const ledger = ledgerNamed(name);
  ledger.users++;
  return ledger;
}

export function leaveLedger(name: string, ledger: Ledger): void {
  ledger.users--;
  if (ledger.users === 0 && ledgers.get(name) === ledger) ledgers.delete(name);
}

function ledgerNamed(name: string): Ledger {
  let ledger = ledgers.get(name);
  if (ledger === undefined) {
    ledger = { announced: new Map(), owners: new Map(), handlers: new Map(), cutOff: new Set(), users: 0 };
    ledgers.set(name, ledger);
  }
  return ledger;
}

/**
 * Puts a registry of this process out of the reach of one host, or of all, for a test or a simulation; returns how to
 * bring it back.
 *
 * @example
 * ```ts
 * import { putOutOfReach } from '@fairlead/host-registry-embedded';
 *
 * const bringBack = putOutOfReach('rack-1', 'host-a');
 * bringBack();
 * ```
 */
export function putOutOfReach(name: string, host?: string): () => void {
  const { cutOff } = ledgerNamed(name);
  cutOff.add(host);
  return () => void cutOff.delete(host);
}
