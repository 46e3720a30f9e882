import type { MemberPort } from '@fairlead/sdk';
import { TestMembers } from '@fairlead/sdk/testing';
import { BeaconMonitor } from '../src/index.ts';

export const KEY = 'a secret of this test';
const STEP_US = 10_000;

/** A team on one switch, whose cables a test cuts one way or both; time is the test's. */
export class Network {
  readonly port: TestMembers;
  readonly monitor: BeaconMonitor;
  /** NICs whose frames reach nobody. */
  readonly mute = new Set<number>();
  /** NICs that nothing reaches. */
  readonly deaf = new Set<number>();
  nowUs = 0;
  #dueUs = 0;

  constructor(
    members: readonly number[],
    options: object = {},
    port: MemberPort & TestMembers = new TestMembers(members),
  ) {
    this.port = port;
    this.monitor = new BeaconMonitor(port, { key: KEY, intervalMs: 1000, missed: 3, ...options });
  }

  cut(nic: number, cut = true): void {
    for (const side of [this.mute, this.deaf]) {
      if (cut) side.add(nic);
      else side.delete(nic);
    }
  }

  /** Lets time pass as a host would: what was sent arrives, then the monitor is polled if it is due. */
  run(forUs: number): void {
    for (const endUs = this.nowUs + forUs; this.nowUs < endUs; ) {
      this.nowUs += STEP_US;
      if (this.nowUs >= this.#dueUs) this.#dueUs = this.monitor.poll(this.nowUs);
      for (const { nic, frame } of this.port.take()) if (!this.mute.has(nic)) this.flood(nic, frame);
    }
  }

  flood(from: number, frame: Uint8Array): void {
    for (const nic of this.port.members) {
      if (nic !== from && !this.deaf.has(nic)) this.monitor.receive(nic, frame.slice(), this.nowUs);
    }
  }

  get verdicts(): string {
    return this.port.members.map((nic) => this.monitor.verdict(nic)).join(' ');
  }
}
