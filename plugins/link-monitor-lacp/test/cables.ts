import type { Written } from '@fairlead/sdk';
import { createInstance, TestMembers } from '@fairlead/sdk/testing';
import lacp, { type LacpMonitor } from '../src/index.ts';

type Options = Written<NonNullable<Parameters<typeof createInstance<'link-monitor', typeof lacp.options>>[1]>>;

const STEP_US = 10_000;

/** One end of the cables. */
export class End {
  readonly port: TestMembers;
  readonly monitor: LacpMonitor;
  dueUs = 0;

  constructor(nics: number, options: object) {
    this.port = new TestMembers([...Array(nics).keys()]);
    this.monitor = createInstance(lacp, options as Options, { members: this.port }) as unknown as LacpMonitor;
  }

  /** Receive and mux state of each NIC, and its verdict. */
  get states(): string[] {
    return this.port.members.map((nic) => {
      const status = this.monitor.status(nic);
      return `${status?.receive} ${status?.mux} ${this.monitor.verdict(nic)}`;
    });
  }
}

/** Two systems whose NICs of the same number are joined by cables; time is the test's. */
export class Cables {
  readonly near: End;
  readonly far: End;
  /** Cables that carry nothing, though both ends have a link. */
  readonly cut = new Set<number>();
  /** NICs of the far end that send nothing. */
  readonly mute = new Set<number>();
  /** LACPDUs that each end has sent over each NIC. */
  readonly sent = { near: [0, 0, 0, 0], far: [0, 0, 0, 0] };
  nowUs = 0;

  constructor(nics: number, near: object = {}, far: object = {}) {
    this.near = new End(nics, near);
    this.far = new End(nics, { system: '02:00:00:00:00:fa', key: 7, ...far });
  }

  run(forUs: number): void {
    for (const endUs = this.nowUs + forUs; this.nowUs < endUs; ) {
      this.nowUs += STEP_US;
      for (const end of [this.near, this.far]) if (this.nowUs >= end.dueUs) end.dueUs = end.monitor.poll(this.nowUs);
      this.#carry();
    }
  }

  #carry(): void {
    for (let moved = true; moved; ) {
      moved = false;
      for (const [name, from, to] of [
        ['near', this.near, this.far],
        ['far', this.far, this.near],
      ] as const) {
        for (const { nic, frame } of from.port.take()) {
          this.sent[name][nic] = (this.sent[name][nic] as number) + 1;
          if (this.cut.has(nic) || (name === 'far' && this.mute.has(nic))) continue;
          to.monitor.receive(nic, frame, this.nowUs);
          // What has come may have made something due sooner.
          to.dueUs = this.nowUs;
          moved = true;
        }
      }
    }
  }
}
