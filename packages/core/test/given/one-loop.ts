import type { AdmissionPolicy, FrameBurst, LoadDistribution, NicDriver, TransmitBatch } from '@fairlead/sdk';
import { parseMac } from '@fairlead/sdk';
import type { Budget, FailureMode } from '../../src/config.ts';
import { accounts } from '../../src/conservation.ts';
import { Arena, type ArenaHandle } from '../../src/memory/arena.ts';
import type { MemoryShape } from '../../src/memory/layout.ts';
import { Forwarder } from '../../src/path/forwarder.ts';
import type { Sampling } from '../../src/path/meter.ts';
import type { PluginFault } from '../../src/path/plugin-failure.ts';
import { Policies, type Seat } from '../../src/path/policies.ts';
import { ArenaPort } from '../../src/path/vnic-port.ts';
import { filledArena, strayedSlots } from './arena.ts';
import { frame, type GivenFrame, macOf, markOf } from './frames.ts';

/** A NIC under the hand of a test. */
export class HandNic implements NicDriver {
  /** Copies of the frames it took, in order. */
  readonly sent: Uint8Array[] = [];
  /** Frames it takes before it has no more room. */
  room = Number.POSITIVE_INFINITY;
  /** Frames that wait for the host. */
  readonly arriving: Uint8Array[] = [];
  /** Which frames it consumes but refuses. */
  refuses: (mark: number) => boolean = () => false;
  /** What `send` does in place of taking frames. */
  sending: ((burst: FrameBurst) => number) | undefined;
  receiving: ((burst: FrameBurst) => number) | undefined;

  get marks(): number[] {
    return this.sent.map((bytes) => markOf(bytes));
  }

  link(): { up: boolean; speedBps: number } {
    return { up: true, speedBps: 1e9 };
  }

  send(burst: FrameBurst): number {
    if (this.sending !== undefined) return this.sending(burst);
    let taken = 0;
    for (; taken < burst.count && this.room > 0; taken++) {
      const at = burst.offset[taken];
      const bytes = burst.memory.slice(at, at + burst.bytes[taken]);
      if (this.refuses(bytes.length >= 18 ? markOf(bytes) : -1)) burst.fail(taken);
      else this.sent.push(bytes);
      this.room--;
    }
    return taken;
  }

  receive(burst: FrameBurst): number {
    if (this.receiving !== undefined) return this.receiving(burst);
    let count = 0;
    for (; count < burst.capacity && this.arriving.length > 0; count++) {
      const bytes = this.arriving.shift() as Uint8Array;
      burst.bytes[count] = Math.min(bytes.length, burst.maxFrameBytes + 1);
      burst.memory.set(bytes.subarray(0, burst.maxFrameBytes), burst.offset[count]);
    }
    return count;
  }
}

export const admitting = (
  admit: (batch: TransmitBatch) => unknown,
  sweep?: (nowUs: number) => unknown,
): AdmissionPolicy => ({ admit, ...(sweep === undefined ? {} : { sweep }) }) as AdmissionPolicy;

export const selecting = (select: (batch: TransmitBatch) => unknown): LoadDistribution =>
  ({ select }) as LoadDistribution;

function seated<T>(name: string, instance: T, fallback?: Seat<T>, needsFlow = false): Seat<T> {
  return { name, instance, needsFlow, fallback };
}

export interface LoopAbout {
  readonly shape?: Partial<MemoryShape>;
  readonly handle?: ArenaHandle;
  readonly worker?: number;
  readonly batchFrames?: number;
  readonly portSecurity?: boolean;
  readonly admission?: AdmissionPolicy;
  readonly distribution?: LoadDistribution;
  readonly fallbackDistribution?: LoadDistribution;
  readonly fallbackAdmission?: AdmissionPolicy;
  /** What the failure of either policy means, and what each may use. */
  readonly fail?: FailureMode;
  readonly budget?: Partial<Budget>;
  readonly driverBudget?: Partial<Budget>;
  readonly sampling?: Sampling;
  /** Whether the load distribution wants to know the flows. */
  readonly needsFlow?: boolean;
  /** Given the loop's own view of the tables. */
  readonly distribute?: (arena: Arena) => LoadDistribution;
}

/** One forwarding loop, stepped by hand, with a port for each VM and NICs under the test's hand. */
export class OneLoop {
  readonly handle: ArenaHandle;
  /** The loop's views. */
  readonly arena: Arena;
  /** The device thread's views. */
  readonly outside: Arena;
  readonly nics: HandNic[];
  readonly ports: ArenaPort[];
  readonly forwarder: Forwarder;
  readonly policies: Policies;
  readonly faults: PluginFault[] = [];
  readonly driverFaults: { nic: number; hook: string }[] = [];
  readonly driverCauses: unknown[] = [];
  /** NICs that the loop said may be tried again. */
  readonly returned: number[] = [];
  nowUs = 0;

  constructor(about: LoopAbout = {}) {
    this.handle = about.handle ?? filledArena(about.shape);
    const { shape } = this.handle;
    const worker = about.worker ?? 0;
    this.arena = new Arena(this.handle, worker);
    this.outside = new Arena(this.handle, shape.workers);
    this.nics = Array.from({ length: shape.nics }, () => new HandNic());
    this.ports = Array.from(
      { length: shape.vms },
      (_, vm) => new ArenaPort(this.outside, `vm${vm}`, [vm], false, [parseMac(macOf(vm))]),
    );
    const admission =
      about.admission &&
      seated(
        'admission',
        about.admission,
        about.fallbackAdmission && seated('second-admission', about.fallbackAdmission),
      );
    const distribution = about.distribute?.(this.arena) ?? about.distribution;
    const place = { fail: about.fail ?? 'fallback', budget: about.budget ?? {} };
    this.policies = new Policies(
      { seat: admission, ...place },
      {
        ...place,
        seat:
          distribution &&
          seated(
            'distribution',
            distribution,
            about.fallbackDistribution && seated('second', about.fallbackDistribution),
            about.needsFlow,
          ),
      },
      this.arena.nics,
      (fault) => this.faults.push(fault),
    );
    this.forwarder = new Forwarder(this.arena, this.policies, {
      worker,
      batchFrames: about.batchFrames ?? 8,
      portSecurity: about.portSecurity ?? true,
      drivers: this.nics,
      receives: [...this.nics.keys()].filter((nic) => nic % shape.workers === worker),
      driverFailed: (nic, hook, cause) => {
        this.driverFaults.push({ nic, hook });
        this.driverCauses.push(cause);
      },
      ...(about.sampling === undefined ? {} : { sampling: about.sampling }),
      sampledDrivers: this.nics.map((_, nic) => ({ name: `hand${nic}`, budget: about.driverBudget ?? {} })),
      nicReturned: (nic) => this.returned.push(nic),
    });
    this.setAvailable(...this.nics.keys());
  }

  setAvailable(...nics: number[]): void {
    const mask = nics.reduce((set, nic) => set | (1 << nic), 0);
    this.outside.teams.write(0, { serving: nics, receiving: -1, group: -1 });
    this.outside.threads.available = mask;
  }

  /** A VM hands over frames of its own; returns how many its ring took. */
  offer(vm: number, ...frames: (Partial<GivenFrame> | Uint8Array)[]): number {
    let taken = 0;
    for (const one of frames) {
      const bytes = one instanceof Uint8Array ? one : frame({ from: macOf(vm), ...one });
      if (this.ports[vm].push(bytes, 0, bytes.length)) taken++;
    }
    this.ports[vm].flush();
    return taken;
  }

  /** A VM hands over frames with these marks. */
  offerMarks(vm: number, ...marks: number[]): number {
    return this.offer(vm, ...marks.map((mark) => ({ mark })));
  }

  /** Sweeps, `forUs` apart. */
  sweep(times = 1, forUs = 10): void {
    for (let i = 0; i < times; i++) {
      this.nowUs += forUs;
      this.forwarder.sweep(this.nowUs);
    }
  }

  /** Everything that a VM has received and not taken before. */
  received(vm: number): Uint8Array[] {
    const port = this.ports[vm];
    const burst = port.createBurst(this.handle.shape.rxRingFrames);
    const count = port.pull(burst);
    const frames = Array.from({ length: count }, (_, i) =>
      burst.memory.slice(burst.offset[i], burst.offset[i] + burst.bytes[i]),
    );
    port.release(count);
    return frames;
  }

  /** The accounts that do not balance, and the slots that are lost or in two places. All empty when all is well. */
  wrongs(): object {
    this.forwarder.rest();
    const unbalanced = accounts(this.outside).filter((account) => account.missing !== 0);
    return { unbalanced, ...strayedSlots(this.handle) };
  }
}

/** What `wrongs` returns when every frame and every slot is accounted for. */
export const ALL_WELL = { unbalanced: [], twice: [], lost: [] };
