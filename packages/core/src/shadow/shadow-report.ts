import { DIFFERENCE_FIELDS, type RecordShape, ShadowRecord } from './shadow-record.ts';

/** A section of the configuration that holds a policy. */
export type PolicySection = 'admission' | 'distribution';

/**
 * What a shadow would have done, beside what was done.
 *
 * @example
 * ```ts
 * import type { ShadowCell, ShadowDifference, ShadowReport, ShadowSectionReport } from '@fairlead/core';
 *
 * const report: ShadowReport = host.shadowReport();
 * const cell = ({ real, shadow, frames }: ShadowCell) => `${real}, ${shadow} would: ${frames} frames`;
 * const told = ({ shadow, matrix, differences }: ShadowSectionReport) => [shadow, ...matrix.map(cell), differences.length];
 * const first = ({ vm, real, shadow }: ShadowDifference) => `${vm}: ${real}, not ${shadow}`;
 * console.log(report.sections.map(told), report.sections[0]?.differences.map(first));
 * ```
 */
export interface ShadowReport {
  /** Of this form of report. */
  readonly version: 1;
  /** One for each section that has a shadow, or had one when it failed. */
  readonly sections: readonly ShadowSectionReport[];
}

/** How often both gave which answer. */
export interface ShadowCell {
  /** A verdict (`admit`, `queue`, `drop`) or the name of a NIC. */
  readonly real: string;
  /** What the shadow said of the same frames. */
  readonly shadow: string;
  /** How many. */
  readonly frames: number;
  /** Bytes of these. */
  readonly bytes: number;
}

/** A decision on which the two differ, and the state that it was made on. */
export interface ShadowDifference {
  /** Time, in microseconds of the host's clock. */
  readonly atUs: number;
  /** Name of the VM. */
  readonly vm: string;
  /** Length of the frame. */
  readonly bytes: number;
  /** What was done. */
  readonly real: string;
  /** What the shadow would have done. */
  readonly shadow: string;
  /** Until when the frame was to wait, in microseconds; 0 when that was not said. */
  readonly realRetryAtUs: number;
  /** The same, of the shadow. */
  readonly shadowRetryAtUs: number;
  /** Hash of the frame's flow; 0 when nobody asked for it. */
  readonly flow: number;
  /** Frames that the VM had waiting. */
  readonly backlogFrames: number;
  /** The VM's priority. */
  readonly priority: number;
  /** What it has reserved, in bit/s. */
  readonly reservationBps: number;
  /** What it was entitled to, in bit/s. */
  readonly entitledBps: number;
  /** Null: none. */
  readonly limitBps: number | null;
  /** The NICs as they were: bytes waiting, speed in bit/s. */
  readonly nics: readonly { name: string; available: boolean; pendingBytes: number; speedBps: number }[];
}

/** What a shadow would have done in one place. */
export interface ShadowSectionReport {
  /** The place. */
  readonly section: PolicySection;
  /** Plugins: who decides now, and its shadow. */
  readonly real: string;
  /** The plugin that watches. */
  readonly shadow: string;
  /** `watching`, or `aside` when it has failed in every worker. */
  readonly state: 'watching' | 'aside';
  /** Why it was put aside where it was. */
  readonly faults: readonly string[];
  /** When it was set, in microseconds of the host's clock. */
  readonly sinceUs: number;
  /** Batches about which both were asked. */
  readonly batches: number;
  /** Frames of these. */
  readonly frames: number;
  /** Frames about which both said the same. */
  readonly same: number;
  /** How often both gave which answer. */
  readonly matrix: readonly ShadowCell[];
  /** VMs of which both were asked. */
  readonly vms: readonly { readonly vm: string; readonly frames: number; readonly same: number }[];
  /** The first ones. */
  readonly differences: readonly ShadowDifference[];
}

/** A shadow as the host knows it. */
export interface ShadowEntry {
  readonly section: PolicySection;
  readonly name: string;
  readonly memory: SharedArrayBuffer;
  readonly shape: RecordShape;
  readonly choices: readonly string[];
  readonly sinceUs: number;
  readonly faults: string[];
}

/** As many as each worker keeps are shown of them all. */
const SHOWN_DIFFERENCES = 32;

/** Sums up what the workers have written down. */
export function reportOf(
  entry: ShadowEntry,
  real: string,
  names: { nics: readonly string[]; vms: readonly string[] },
): ShadowSectionReport {
  const { section, name, shape, choices, sinceUs, faults } = entry;
  const records = Array.from({ length: shape.workers }, (_, worker) => new ShadowRecord(entry.memory, shape, worker));
  const sum = (pick: (record: ShadowRecord) => number): number =>
    records.reduce((total, record) => total + pick(record), 0);
  const matrix = choices.flatMap((answer, r) =>
    choices.map((other, s): ShadowCell => {
      const cell = r * choices.length + s;
      return {
        real: answer,
        shadow: other,
        frames: sum((one) => one.frames[cell]),
        bytes: sum((one) => one.bytes[cell]),
      };
    }),
  );
  const vms = names.vms.map((vm, i) => {
    return { vm, frames: sum((one) => one.vmFrames[i]), same: sum((one) => one.vmSame[i]) };
  });
  const differences = records
    .flatMap((record) => Array.from({ length: record.kept }, (_, i) => differenceAt(record, i, choices, names)))
    .sort((a, b) => a.atUs - b.atUs)
    .slice(0, SHOWN_DIFFERENCES);
  return {
    section,
    real,
    shadow: name,
    state: records.every((record) => record.aside) ? 'aside' : 'watching',
    faults: [...faults],
    sinceUs,
    batches: sum((record) => record.batches),
    frames: vms.reduce((total, vm) => total + vm.frames, 0),
    same: vms.reduce((total, vm) => total + vm.same, 0),
    matrix: matrix.filter((cell) => cell.frames > 0),
    vms: vms.filter((vm) => vm.frames > 0),
    differences,
  };
}

function differenceAt(
  record: ShadowRecord,
  index: number,
  choices: readonly string[],
  names: { nics: readonly string[]; vms: readonly string[] },
): ShadowDifference {
  const first = index * record.differenceWidth;
  const value = Object.fromEntries(
    DIFFERENCE_FIELDS.map((field, i) => [field, record.differences[first + i]]),
  ) as Record<(typeof DIFFERENCE_FIELDS)[number], number>;
  const { vm, real, shadow, availableMask, limitBps, ...rest } = value;
  return {
    ...rest,
    vm: names.vms[vm] ?? String(vm),
    real: choices[real] ?? String(real),
    shadow: choices[shadow] ?? String(shadow),
    limitBps: Number.isFinite(limitBps) ? limitBps : null,
    nics: names.nics.map((name, nic) => {
      const at = first + DIFFERENCE_FIELDS.length + 2 * nic;
      const [pendingBytes, speedBps] = record.differences.subarray(at, at + 2);
      return { name, available: ((availableMask >>> nic) & 1) === 1, pendingBytes, speedBps };
    }),
  };
}
