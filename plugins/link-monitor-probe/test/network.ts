import { TestMembers } from '@fairlead/sdk/testing';
import { addressBytes, linkLocal } from '../src/address.ts';
import { ProbeMonitor } from '../src/index.ts';
import { checksum } from '../src/neighbour.ts';

const STEP_US = 10_000;
const TARGET_MAC = [6, 0, 0, 0, 0, 0x99];

/** What a target answers to a request for its IPv4 address. */
export function arpReply(request: Uint8Array): Uint8Array {
  const frame = new Uint8Array(60);
  frame.set([...request.subarray(6, 12), ...TARGET_MAC, ...request.subarray(12, 20), 0, 2], 0);
  frame.set([...TARGET_MAC, ...request.subarray(38, 42), ...request.subarray(22, 32)], 22);
  return frame;
}

/** What a target answers to a solicitation (RFC 4861 §4.4). */
export function advertisement(solicitation: Uint8Array): Uint8Array {
  const frame = new Uint8Array(86);
  frame.set([...solicitation.subarray(6, 12), ...TARGET_MAC, ...solicitation.subarray(12, 22)], 0);
  frame.set([...linkLocal(Uint8Array.from(TARGET_MAC)), ...solicitation.subarray(22, 38), 136, 0, 0, 0, 0x60], 22);
  frame.set([...solicitation.subarray(62, 78), 2, 1, ...TARGET_MAC], 62);
  const sum = checksum(frame, 32);
  frame.set([sum >>> 8, sum & 0xff], 56);
  return frame;
}

/** A team and the targets beyond its NICs; time is the test's. */
export class Network {
  readonly port: TestMembers;
  readonly monitor: ProbeMonitor;
  /** NICs from which no target can be reached. */
  readonly cut = new Set<number>();
  /** Targets that are there, as text. */
  readonly present: Set<string>;
  nowUs = 0;
  #dueUs = 0;

  constructor(members: readonly number[], targets: string[], options: object = {}) {
    this.port = new TestMembers(members);
    this.present = new Set(targets);
    const defaults = { targets, source: '0.0.0.0', intervalMs: 1000, missed: 3, validate: 'any' as const };
    this.monitor = new ProbeMonitor(this.port, { ...defaults, ...options });
  }

  run(forUs: number): void {
    for (const endUs = this.nowUs + forUs; this.nowUs < endUs; ) {
      this.nowUs += STEP_US;
      if (this.nowUs >= this.#dueUs) this.#dueUs = this.monitor.poll(this.nowUs);
      for (const { nic, frame } of this.port.take()) if (!this.cut.has(nic)) this.answer(nic, frame);
    }
  }

  answer(nic: number, frame: Uint8Array): void {
    const isArp = frame[12] === 8;
    const wanted = Buffer.from(isArp ? frame.subarray(38, 42) : frame.subarray(62, 78));
    for (const target of this.present) {
      if (wanted.equals(addressBytes(target) as Uint8Array))
        this.monitor.receive(nic, isArp ? arpReply(frame) : advertisement(frame), this.nowUs);
    }
  }

  get verdicts(): string {
    return this.port.members.map((nic) => this.monitor.verdict(nic)).join(' ');
  }
}
