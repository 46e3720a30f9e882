import type { VmState } from './hypervisor-calls.ts';

/** What a person asks about a VM. */
export interface VmInfo {
  /** Name of the VM. */
  readonly name: string;
  /** VM number, the row in `VmTable`. */
  readonly index: number;
  /** What it is doing. */
  readonly state: VmState;
  /** Frames that waited in its ring at the last visit. */
  readonly backlogFrames: number;
  /** Frames taken from it. */
  readonly acceptedFrames: number;
  /** Frames of it that were handed to a NIC or another VM. */
  readonly transmittedFrames: number;
  /** Bytes of these. */
  readonly transmittedBytes: number;
  /** Frames put into its receive ring. */
  readonly rxFrames: number;
  /** Bytes of these. */
  readonly rxBytes: number;
}
