import { NicState, type NicTable, type Signal, VmRunState, type VmTable } from '@fairlead/sdk';
import type { RingGroup } from '../memory/ring-group.ts';
import type { TeamManager } from '../teams/team-manager.ts';
import type { SignalBoard } from './signal-board.ts';

/** Says at every look what is the matter now. */
export interface SignalSource {
  /** True for what may come and go between two polls of the links; the others are looked at as often as these. */
  readonly brief: boolean;
  look(nowUs: number): readonly Signal[];
}

const NONE: readonly Signal[] = [];

/** What detectors have raised of one kind, those named or all, together with what the host itself sees of it. */
export function detectedSource(
  board: SignalBoard,
  kind: Signal['kind'],
  detectors: readonly string[],
  own: SignalSource = { brief: false, look: () => NONE },
): SignalSource {
  return {
    brief: own.brief,
    look(nowUs) {
      const detected = board.heard(kind, detectors);
      const seen = own.look(nowUs);
      // The host's own word is heard last, and so is the one that counts.
      return detected.length === 0 ? seen : [...detected, ...seen];
    },
  };
}

/** Of each VM that has asked for it, that one of the NICs its frames went over fails over. */
export function failoverSource(
  nics: NicTable,
  vms: VmTable,
  teams: TeamManager,
  asking: readonly number[],
): SignalSource {
  return {
    brief: true,
    look(atUs) {
      if (!nics.failover.includes(1)) return NONE;
      const signals: Signal[] = [];
      for (const vm of asking) {
        const nic = teams.leaving.of(vms.team[vm]);
        const here = vms.runState[vm] === VmRunState.Running || vms.runState[vm] === VmRunState.Suspended;
        if (nic === undefined || !here) continue;
        signals.push({ kind: 'failover', vm, nic, atUs, confidence: 1, evidence: { nic: nics.names[nic] as string } });
      }
      return signals;
    },
  };
}

/** Of each NIC that is down though nobody has disabled it. */
export function nicDownSource(nics: NicTable): SignalSource {
  return {
    brief: false,
    look(atUs) {
      const signals: Signal[] = [];
      for (let nic = 0; nic < nics.count; nic++) {
        if (nics.state[nic] === NicState.Up || nics.admin[nic] === 0) continue;
        const evidence = { nic: nics.names[nic] as string, carrier: nics.carrier[nic] };
        signals.push({ kind: 'nic-down', nic, atUs, confidence: 1, evidence });
      }
      return signals;
    },
  };
}

/**
 * Of each VM that is entitled to less than it has reserved. One that was suspended is entitled to nothing, which says
 * nothing: what was the matter with it stays so until it runs again.
 */
export function unmetSource(vms: VmTable): SignalSource {
  let before = new Map<number, Signal>();
  return {
    brief: false,
    look(atUs) {
      const now = new Map<number, Signal>();
      for (let vm = 0; vm < vms.count; vm++) {
        const known = before.get(vm);
        if (known !== undefined && vms.runState[vm] === VmRunState.Suspended) now.set(vm, known);
        if (vms.runState[vm] !== VmRunState.Running) continue;
        const reservationBps = Math.min(vms.reservationBps[vm], vms.limitBps[vm]);
        const entitledBps = vms.entitledBps[vm];
        // The same thousandth of slack as in the division itself.
        if (entitledBps >= reservationBps * 0.999) continue;
        const evidence = { reservationBps, entitledBps };
        now.set(vm, { kind: 'reservation-unmet', vm, atUs, confidence: 1, evidence });
      }
      before = now;
      return [...now.values()];
    },
  };
}

/** From when to when a VM is behind: frames in its ring. */
export interface BacklogMarks {
  readonly frames: number;
  readonly lowFrames: number;
}

/**
 * Of each VM whose refused frames pile up: so many wait that the high mark is reached, and its admission policy has
 * refused some since few waited last. It is over when no more wait than the low mark says.
 */
export function backlogSource(vms: VmTable, rings: RingGroup, { frames, lowFrames }: BacklogMarks): SignalSource {
  const behind = new Uint8Array(vms.count);
  const refusedBefore = new Float64Array(vms.count);
  return {
    brief: false,
    look(atUs) {
      const signals: Signal[] = [];
      for (let vm = 0; vm < vms.count; vm++) {
        const waiting = rings.length(vm);
        const refused = vms.refusedTransfers[vm] - refusedBefore[vm];
        if (waiting <= lowFrames) {
          behind[vm] = 0;
          refusedBefore[vm] = vms.refusedTransfers[vm];
        } else if (waiting >= frames && refused > 0) {
          behind[vm] = 1;
        }
        if (behind[vm] === 0) continue;
        const evidence = { waitingFrames: waiting, refusedTransfers: refused, limitFrames: frames };
        signals.push({ kind: 'backlog', vm, atUs, confidence: 1, evidence });
      }
      return signals;
    },
  };
}
