import { DROP_REASONS, formatMac, NO_NIC_YET } from '@fairlead/sdk';
import type { NicManager } from '../managers/nic-manager.ts';
import type { TeamManager } from '../teams/team-manager.ts';
import type { FrameTrace, TracedNic } from './frame-trace.ts';
import type { DistributionSeen, FrameKind, TracedFrame } from './traced-frame.ts';

/** Who knows the names, and why a NIC does not serve. */
export interface TraceNames {
  readonly nics: Pick<NicManager, 'whyDown'>;
  readonly teams: Pick<TeamManager, 'whyWaiting'>;
  readonly nicNames: readonly string[];
  readonly vmNames: readonly string[];
  /** Number of the team of each VM. */
  readonly vmTeam: Int32Array;
}

const SOURCE_AT = 6;
const ADDRESSES_BYTES = 12;

/** What a loop has written down of a frame, in names and words. */
export function describeTrace(frame: TracedFrame, names: TraceNames): FrameTrace {
  const { header, admission, distribution, roomFrames } = frame;
  const addressed = header.length >= ADDRESSES_BYTES;
  const nic = distribution === undefined ? '' : nicOf(distribution.nic, names);
  return {
    atUs: frame.atUs,
    vm: names.vmNames[frame.vm] as string,
    bytes: frame.bytes,
    source: addressed ? formatMac(header, SOURCE_AT) : '',
    destination: addressed ? formatMac(header, 0) : '',
    turns: frame.turns,
    classify: { kind: frame.kind, why: whyOfKind(frame.kind, names.vmNames[frame.toVm]) },
    admit:
      admission === undefined
        ? null
        : {
            policy: admission.policy,
            verdict: admission.verdict,
            reason: DROP_REASONS[admission.reason] ?? null,
            retryAtUs: admission.verdict === 'queue' ? admission.retryAtUs : null,
            backlogFrames: frame.backlogFrames,
            why: admission.explanation?.why ?? 'the policy does not explain itself',
            state: { ...admission.vmRow, ...admission.explanation?.state },
          },
    distribute:
      distribution === undefined
        ? null
        : {
            policy: distribution.pinned ? 'team migrate' : distribution.policy,
            nic,
            why: whyChosen(distribution),
            state: distribution.explanation?.state ?? {},
            nics: distribution.nics.map((_, i) => tracedNic(i, frame.vm, distribution, names)),
          },
    send:
      distribution === undefined || distribution.nic === NO_NIC_YET
        ? null
        : { nic, roomFrames, queuedFrames: distribution.nics[distribution.nic]?.pendingFrames ?? 0 },
    outcome: frame.outcome,
    failed: frame.failed,
  };
}

function nicOf(nic: number, { nicNames }: TraceNames): string {
  return nic === NO_NIC_YET ? 'none yet' : (nicNames[nic] ?? String(nic));
}

function whyOfKind(kind: FrameKind, to: string | undefined): string {
  switch (kind) {
    case 'ordinary':
      return 'from its own address, for somebody beyond this host';
    case 'group':
      return 'for a group: the VMs of its team have a copy, and it goes on to the network';
    case 'local':
      return `for VM ${to}, of this host: it uses no NIC and passes no policy`;
    case 'spoofed':
      return 'it names another sender than its VM (port security)';
    case 'runt':
      return 'shorter than an Ethernet header';
    case 'broken':
      return 'it names no frame slot';
  }
}

function whyChosen({ pinned, explanation, nics }: DistributionSeen): string {
  if (pinned) return 'the operator has put the VM on this NIC';
  if (explanation !== undefined) return explanation.why;
  return nics.filter((nic) => nic.available).length === 1
    ? 'no other NIC serves'
    : 'the policy does not explain itself';
}

function tracedNic(i: number, vm: number, seen: DistributionSeen, names: TraceNames): TracedNic {
  const chosen = i === seen.nic;
  const nic = names.nicNames[i] as string;
  const row = seen.nics[i] as DistributionSeen['nics'][number];
  const why = chosen ? whyChosen(seen) : row.available ? whyNotThis(i, seen) : whyAway(nic, vm, names);
  return { nic, chosen, ...row, why };
}

function whyNotThis(nic: number, { pinned, policy, explanation }: DistributionSeen): string {
  if (pinned) return 'the operator has put the VM on another NIC';
  return explanation?.rejected?.get(nic) ?? `available; ${policy} chose another`;
}

/** As it is now, which may be a little later than when the frame went. */
function whyAway(nic: string, vm: number, { nics, teams, vmTeam }: TraceNames): string {
  const down = nics.whyDown(nic);
  return down === undefined ? teams.whyWaiting(vmTeam[vm], nic) : `down: ${down}`;
}
