import type { Host } from '@fairlead/core';
import type { CaptureReader } from '@fairlead/nic-driver-pcap/capture';
import { DropReason } from '@fairlead/sdk';
import type { DecisionLog } from '@fairlead/simulator/decisions';
import type { ReplayGuest } from './replay-guest.ts';
import { Senders } from './senders.ts';

/** What came of the capture's frames on their way to the VMs. */
export interface FeedCounts {
  /** Frames in the capture. */
  frames: number;
  /** Of these, handed to a VM's virtual NIC. */
  given: number;
  /** Of these, lost at once since the ring had no room. */
  noRoom: number;
  /** Frames of which the capture has only the beginning; the rest is zeros. */
  cut: number;
  /** Frames stamped before the one in front of them; they went right behind it. */
  late: number;
  /** Time of the last frame, in microseconds since the first. */
  lastUs: number;
}

/** Hands the frames of a capture to the VMs of a host, each at its time on the virtual clock. */
export class Feed {
  readonly counts: FeedCounts = { frames: 0, given: 0, noRoom: 0, cut: 0, late: 0, lastUs: 0 };
  readonly senders: Senders;
  readonly #host: Host;
  readonly #log: DecisionLog;
  readonly #guests: readonly ReplayGuest[];
  readonly #frame: Uint8Array;

  constructor(host: Host, log: DecisionLog, assign: boolean) {
    const { vms } = host.config;
    this.#host = host;
    this.#log = log;
    this.#guests = vms.map((vm) => host.device<ReplayGuest>(vm.name));
    this.senders = new Senders(
      vms.map((vm) => vm.mac),
      assign,
    );
    // One byte more than fits: an over-long frame is cut to that, and counted as over-long.
    this.#frame = new Uint8Array((this.#guests[0]?.maxFrameBytes ?? 0) + 1);
  }

  /** Moves the clock to the time of the reader's present frame and hands the frame over. */
  give(reader: CaptureReader): void {
    const { counts } = this;
    const host = this.#host;
    const dueUs = reader.sinceFirstUs;
    counts.frames++;
    if (dueUs > host.nowUs) host.run(dueUs - host.nowUs);
    else if (dueUs < counts.lastUs) counts.late++;
    counts.lastUs = Math.max(counts.lastUs, dueUs);
    const bytes = this.#take(reader);
    const vm = this.senders.vmOf(this.#frame, bytes);
    if (vm < 0) return;
    counts.given++;
    if ((this.#guests[vm] as ReplayGuest).offer(this.#frame, bytes)) return;
    counts.noRoom++;
    this.#log.settle();
    this.#log.dropped(vm, host.nowUs, DropReason.RingFull, 1, bytes);
  }

  /** Copies the frame, at its length on the wire, and returns that. */
  #take(reader: CaptureReader): number {
    const { memory, at } = reader;
    const bytes = Math.min(reader.originalBytes, this.#frame.length);
    const captured = Math.min(reader.bytes, bytes);
    this.#frame.set(memory.subarray(at, at + captured));
    if (captured < bytes) {
      this.#frame.fill(0, captured, bytes);
      this.counts.cut++;
    }
    return bytes;
  }
}
