import { type Account, type Host, NicTotals } from '@fairlead/core';
import { FairleadError } from '@fairlead/sdk';
import type { Cable, Network } from '../network/network.ts';
import type { Path } from '../network/path.ts';
import type { SimulatedNic } from '../network/simulated-nic.ts';
import type { SimulatedGuest } from '../traffic/guest.ts';

function account(subject: string, accepted: number, transmitted: number, queued: number, dropped: number): Account {
  return { subject, accepted, transmitted, queued, dropped, missing: accepted - transmitted - queued - dropped };
}

function pathAccount(subject: string, path: Path): Account {
  const lost = path.lostByChance + path.lostByFullQueue;
  return account(subject, path.acceptedFrames, path.deliveredFrames, path.queue.count, lost);
}

/**
 * The conservation law over the whole simulation: in the host, on every path, and at the seams, where what one side has
 * handed over is what the other has taken. `brought`: frames that came along with a VM from another host, by row.
 */
export function simulationAccounts(
  host: Host,
  network: Network,
  nics: readonly SimulatedNic[],
  brought?: Int32Array,
): Account[] {
  const all = host.accounts();
  const { vms } = host.arena;
  const totals = new NicTotals(host.arena.handle.memory, host.arena.layout);
  for (const [i, { name }] of host.config.vms.entries()) {
    const { emittedFrames } = host.device<SimulatedGuest>(name).station;
    const given = emittedFrames + (brought?.[i] ?? 0);
    all.push(account(`guest ${name} to its virtual NIC`, given, vms.acceptedFrames[i], 0, 0));
  }
  for (const [i, { name, txFrames, rxFrames }] of host.nics.list().entries()) {
    const { out, in: inbound } = network.cables[i] as Cable;
    const nic = nics[i] as SimulatedNic;
    // The host's own frames, as announcements of VMs after a move, are counted apart.
    const handedOver = txFrames + totals.read('hostFrames', i);
    all.push(account(`nic ${name} to its path`, handedOver, out.acceptedFrames, 0, 0));
    all.push(pathAccount(`path behind ${name} outbound`, out));
    all.push(pathAccount(`path behind ${name} inbound`, inbound));
    all.push(account(`path to nic ${name}`, inbound.deliveredFrames, rxFrames, 0, nic.missedFrames));
  }
  return all;
}

/** @throws FairleadError `FAIRLEAD_ERR_CONSERVATION` naming what does not balance. */
export function assertAllConserved(accounts: readonly Account[]): void {
  const wrong = accounts.filter(({ missing }) => missing !== 0);
  if (wrong.length === 0) return;
  const list = wrong.map(({ subject, missing }) => `${subject}: ${missing} missing`).join('; ');
  throw new FairleadError('FAIRLEAD_ERR_CONSERVATION', `frames are not accounted for: ${list}`, {
    mend: 'report it, with the scenario',
  });
}
