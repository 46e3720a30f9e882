import type { FrameBurst } from '../../batch.ts';
import type { LinkStatus, NicContext, NicDriver } from '../../points/nic-driver.ts';
import type { ManualClock } from '../clock.ts';
import { type InstanceParts, testNicContext } from '../instance.ts';
import { markedFrame } from './frames.ts';
import type { NicDriverScenario } from './nic-driver-scenario.ts';
import { NicMemory } from './nic-memory.ts';
import { kitParts, tablesWritten } from './parts.ts';

/** Makes a driver with these options, read as a configuration's are. */
export type MakeNicDriver = (options: object, parts: Partial<InstanceParts>) => NicDriver;

/**
 * The network behind one NIC, made anew for each driver that a kit tries.
 *
 * @example
 * ```ts
 * import type { MemoryNic } from '@fairlead/nic-driver-memory';
 * import type { NicNetwork } from '@fairlead/sdk/testing';
 *
 * const network: NicNetwork = {
 *   options: { keep: true },
 *   sent: (driver) => (driver as MemoryNic).takeTransmitted(),
 * };
 * ```
 */
export interface NicNetwork {
  /** Options by which the driver reaches this network, on top of those that are tried. */
  readonly options?: object;
  /** Sends the frames towards the host, once the driver is open; a network that has them from the start does without. */
  deliver?(driver: NicDriver): void | Promise<void>;
  /** The frames that the driver has put on the wire, in order. Asked once the driver is closed. */
  sent?(driver: NicDriver): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /** Waits a moment, for a network that lives in real time. Called between the host's looks. */
  settle?(): Promise<void>;
  /** Takes the network away again, once the driver is closed. */
  close?(): void | Promise<void>;
}

/**
 * Makes the network of one NIC, on which these frames are to arrive.
 *
 * @example
 * ```ts
 * import type { MemoryNic } from '@fairlead/nic-driver-memory';
 * import type { MakeNicNetwork } from '@fairlead/sdk/testing';
 *
 * const network: MakeNicNetwork = (arriving) => ({
 *   deliver: (driver) => {
 *     for (const frame of arriving) (driver as MemoryNic).deliver(frame);
 *   },
 * });
 * ```
 */
export type MakeNicNetwork = (arriving: readonly Uint8Array[]) => NicNetwork | Promise<NicNetwork>;

export interface NicRigAbout {
  readonly context?: Partial<NicContext>;
  readonly network?: MakeNicNetwork | undefined;
  /** Writes over what the driver was given, after every call. */
  readonly poison?: boolean;
  /** Looks for what the driver writes and should not. */
  readonly watch?: boolean;
}

/** What a driver can do wrong while a host drives it; each is a law of its own. */
export type NicFault = 'taken' | 'failed' | 'burst' | 'slots' | 'received' | 'due' | 'stalled' | 'tables' | 'link';

/** Looks at one instant, at which a driver says that it goes on at once and does not. */
const PATIENT_LOOKS = 50;
/** Looks without a frame taken, after which the rest is thought to wait for ever. */
const IDLE_LOOKS = 300;
/** A driver that does not say when it goes on is asked this often. */
const POLL_US = 1000;
/** A line slower than this takes longer than anyone waits. */
const SLOWEST_BPS = 1e6;

/** One driver instance and the host's side of it. */
export class NicRig {
  readonly faults = new Map<NicFault, string>();
  /** Frames that each call of `send` took. */
  readonly takes: number[] = [];
  /** Of the frames taken, those that did not fail. */
  readonly sent: Uint8Array[] = [];
  readonly received: Uint8Array[] = [];
  readonly driver: NicDriver;
  readonly network: NicNetwork;
  readonly clock: ManualClock;
  readonly #waiting: Uint8Array[];
  readonly #memory: NicMemory;
  readonly #scenario: NicDriverScenario;
  readonly #about: NicRigAbout;
  readonly #receives: boolean;
  readonly #tableWritten: () => string | undefined;
  #wire: readonly Uint8Array[] | undefined;
  /** The last burst was not taken whole. */
  #left = false;
  #looks = 0;
  #idleLooks = 0;
  /** Looks since a frame moved. */
  #stillLooks = 0;
  /** Looks at which nothing came, once everything was sent. */
  #quietLooks = 0;

  private constructor(make: MakeNicDriver, scenario: NicDriverScenario, about: NicRigAbout, network: NicNetwork) {
    const parts = kitParts([1e9, 1e9], [{}]);
    const nic = testNicContext(about.context);
    this.#scenario = scenario;
    this.#about = about;
    this.#receives = nic.receives && nic.role !== 'control';
    this.#memory = new NicMemory(scenario.maxFrameBytes, scenario.burst);
    this.#waiting = nic.role === 'control' ? [] : scenario.sending.map(markedFrame);
    this.clock = parts.clock;
    this.network = network;
    this.#tableWritten = tablesWritten(parts);
    this.driver = make({ ...scenario.options, ...network.options }, { ...parts, nic });
  }

  /** Makes the network and a driver on it, which is not open yet. */
  static async make(make: MakeNicDriver, scenario: NicDriverScenario, about: NicRigAbout = {}): Promise<NicRig> {
    const arriving = scenario.arriving.map((bytes, i) => markedFrame(bytes, 1000 + i));
    return new NicRig(make, scenario, about, (await about.network?.(arriving)) ?? {});
  }

  get waitingFrames(): number {
    return this.#waiting.length;
  }

  get arrivingFrames(): number {
    return this.#scenario.arriving.length;
  }

  /** Everything: opens the driver, sends and receives what there is, closes it. */
  async run(): Promise<this> {
    await this.open();
    while (await this.look()) if (this.faults.has('stalled')) break;
    await this.close();
    return this;
  }

  async open(): Promise<void> {
    await this.driver.open?.();
    await this.network.deliver?.(this.driver);
  }

  async close(): Promise<void> {
    const table = this.#tableWritten();
    if (table !== undefined) this.#note('tables', table);
    await this.driver.close?.();
    this.#wire = await this.network.sent?.(this.driver);
    await this.network.close?.();
  }

  /** What the closed driver has put on the wire; undefined when its network does not tell. */
  get wire(): readonly Uint8Array[] | undefined {
    return this.#wire;
  }

  /** One look of the host at its NIC. False when there is nothing more to do. */
  async look(): Promise<boolean> {
    const link = this.#link();
    const before = this.#waiting.length;
    const came = this.#receives ? this.#receive() : 0;
    this.#left = false;
    // As the host does: for as long as the driver takes all that it is offered.
    while (this.#waiting.length > 0 && !this.#left) this.#left = !this.#send();
    const moved = came > 0 || this.#waiting.length < before;
    this.#stillLooks = moved ? 0 : this.#stillLooks + 1;
    this.#quietLooks = this.#waiting.length > 0 || moved ? 0 : this.#quietLooks + 1;
    const dueUs = this.#due(link, moved);
    await this.network.settle?.();
    this.#looks++;
    if (this.#waiting.length > 0 && !this.#goesOn(link)) return false;
    const mayCome = this.#receives && (dueUs < Number.POSITIVE_INFINITY || this.#mayArrive());
    if (this.#waiting.length === 0 && (!mayCome || this.#quietLooks > PATIENT_LOOKS)) return false;
    this.#advance(dueUs);
    return true;
  }

  #mayArrive(): boolean {
    return this.received.length < (this.#about.network === undefined ? 0 : this.#scenario.arriving.length);
  }

  #goesOn(link: LinkStatus): boolean {
    if (!link.up || (link.speedBps > 0 && link.speedBps < SLOWEST_BPS)) return false;
    if (this.#stillLooks < IDLE_LOOKS) return true;
    const left = `${this.#waiting.length} of ${this.#scenario.sending.length} frames still wait`;
    this.#note(
      'stalled',
      `${left} after ${IDLE_LOOKS} looks at which it took none, at ${Math.round(this.clock.nowUs())} us`,
    );
    return false;
  }

  #advance(dueUs: number): void {
    const nowUs = this.clock.nowUs();
    const { stepsUs } = this.#scenario;
    if (this.#looks <= 2 * stepsUs.length) this.clock.advance(stepsUs[this.#looks % stepsUs.length]);
    else if (dueUs < Number.POSITIVE_INFINITY) this.clock.advance(Math.max(0, dueUs - nowUs));
    else this.clock.advance(POLL_US);
  }

  /** Offers one burst; true when all of it was taken. */
  #send(): boolean {
    const nowUs = this.clock.nowUs();
    const burst = this.#memory.offer(this.#waiting, nowUs);
    const written = this.#about.watch === true ? this.#memory.watch(burst, false) : () => undefined;
    const { count } = burst;
    const answer: unknown = this.driver.send(burst);
    const part = written();
    if (part !== undefined) this.#note('burst', `its send wrote ${part}`);
    const taken = this.#whole('taken', 'send', answer, count);
    this.#count(burst, taken, count);
    if (this.#about.poison !== false) this.#memory.poison(burst);
    return taken === count;
  }

  /** Books what a call of `send` has taken, as the host does. */
  #count(burst: FrameBurst, taken: number, count: number): void {
    for (let i = taken; i < count; i++) {
      if (burst.failed[i] === 0) continue;
      this.#note('failed', `its send failed frame ${i} and took ${taken}: it would be offered again`);
    }
    for (const [i, frame] of this.#waiting.splice(0, taken).entries()) if (burst.failed[i] === 0) this.sent.push(frame);
    this.takes.push(taken);
  }

  /** Offers a burst of nothing. */
  sendNothing(): void {
    this.#whole('taken', 'send', this.driver.send(this.#memory.offer([], this.clock.nowUs())), 0);
  }

  #receive(): number {
    const burst = this.#memory.slots(this.clock.nowUs());
    const written = this.#about.watch === true ? this.#memory.watch(burst, true) : () => undefined;
    const answer: unknown = this.driver.receive(burst);
    const part = written();
    if (part !== undefined) this.#note('slots', `its receive wrote ${part}`);
    const count = this.#whole('received', 'receive', answer, burst.capacity);
    for (let i = 0; i < count; i++) {
      const bytes = burst.bytes[i];
      if (bytes < 1 || bytes > burst.maxFrameBytes + 1)
        this.#note('received', `its receive gave frame ${i} a length of ${bytes}, slots hold ${burst.maxFrameBytes}`);
      const stored = Math.max(0, Math.min(bytes, burst.maxFrameBytes));
      const frame = new Uint8Array(Math.max(stored, Math.min(bytes, burst.maxFrameBytes + 1)));
      frame.set(burst.memory.subarray(burst.offset[i], burst.offset[i] + stored));
      this.received.push(frame);
    }
    if (this.#about.poison !== false) this.#memory.poison(burst);
    return count;
  }

  #link(): LinkStatus {
    const link = this.driver.link() as LinkStatus | undefined;
    const { up, speedBps } = link ?? {};
    const fits = typeof up === 'boolean' && typeof speedBps === 'number' && speedBps >= 0 && speedBps < Infinity;
    if (!fits) this.#note('link', `its link says ${JSON.stringify(link) ?? String(link)}`);
    return fits ? (link as LinkStatus) : { up: true, speedBps: 0 };
  }

  /** When the driver says that it goes on; Infinity when it does not say. */
  #due(link: LinkStatus, moved: boolean): number {
    if (this.driver.nextEventUs === undefined) return Number.POSITIVE_INFINITY;
    const nowUs = this.clock.nowUs();
    const answer: unknown = this.driver.nextEventUs(nowUs);
    this.#idleLooks = moved || answer !== nowUs ? 0 : this.#idleLooks + 1;
    if (typeof answer !== 'number' || !(answer >= nowUs)) {
      this.#note('due', `at ${nowUs} us, its nextEventUs says ${String(answer)}`);
      return Number.POSITIVE_INFINITY;
    }
    const slow = link.speedBps > 0 && link.speedBps < SLOWEST_BPS;
    if (answer === Number.POSITIVE_INFINITY && this.#left && link.up && !slow)
      this.#note('due', `at ${nowUs} us, ${this.#waiting.length} frames wait and its nextEventUs says Infinity`);
    if (this.#idleLooks > PATIENT_LOOKS)
      this.#note('due', `for ${PATIENT_LOOKS} looks at ${nowUs} us its nextEventUs said now, and nothing moved`);
    return answer;
  }

  #whole(fault: NicFault, hook: string, answer: unknown, most: number): number {
    const fits = Number.isInteger(answer) && (answer as number) >= 0 && (answer as number) <= most;
    if (!fits) this.#note(fault, `its ${hook} answered ${String(answer)} of ${most} frames`);
    return fits ? (answer as number) : 0;
  }

  #note(fault: NicFault, what: string): void {
    if (!this.faults.has(fault)) this.faults.set(fault, what);
  }
}
