import type { DeviceEmulator } from '../../points/device-emulator.ts';
import type { ManualClock } from '../clock.ts';
import type { InstanceParts } from '../instance.ts';
import type { DeviceScenario } from './device-scenario.ts';
import { isMarked, markedFrame } from './frames.ts';
import { kitParts } from './parts.ts';
import { EndlessPoll, type PortFault, StrictPort } from './strict-port.ts';

/** Makes a device with these options, read as a configuration's are. */
export type MakeDevice = (options: object, parts: Partial<InstanceParts>) => DeviceEmulator;

/**
 * The guest behind one virtual NIC, made anew for each device that a kit tries.
 *
 * @example
 * ```ts
 * import type { MemoryGuest } from '@fairlead/device-emulator-memory';
 * import type { TestGuest } from '@fairlead/sdk/testing';
 *
 * const guest: TestGuest = {
 *   send: (device, frames) => (device as MemoryGuest).sendAll(frames),
 * };
 * ```
 */
export interface TestGuest {
  /** Options by which the device and this guest meet, on top of those that are tried. */
  readonly options?: object;
  /** Comes to the device, which is open. */
  connect?(device: DeviceEmulator): void | Promise<void>;
  /** Sends frames, in order, and says how many went: all when it says nothing. The rest is given again. */
  send?(device: DeviceEmulator, frames: readonly Uint8Array[]): number | undefined | Promise<number | undefined>;
  /** The frames that the guest has received so far, in order. */
  received?(device: DeviceEmulator): readonly Uint8Array[];
  /** Sends what is no frame, as a hostile guest would. */
  misbehave?(device: DeviceEmulator, bytes: Uint8Array): void | Promise<void>;
  /** Waits a moment, for a guest that lives in real time. Called between the host's looks. */
  settle?(): Promise<void>;
  /** Leaves, once the device is closed. */
  close?(): void | Promise<void>;
}

/**
 * Makes the guest of one device.
 *
 * @example
 * ```ts
 * import type { MakeGuest } from '@fairlead/sdk/testing';
 *
 * const guest: MakeGuest = () => ({ settle: () => new Promise((resolve) => setImmediate(resolve)) });
 * ```
 */
export type MakeGuest = () => TestGuest | Promise<TestGuest>;

export type DeviceFault = PortFault | 'due' | 'stalled';

/** Looks after which what still waits is taken to wait for ever. */
const MAX_LOOKS = 3000;
/** Looks at the scenario's steps; the rest are far enough apart for a device that waits between two tries. */
const STEPPED_LOOKS = 1000;
const COARSE_US = 1000;
/** Polls in one instant that a device may ask for while nothing moves. */
const PATIENT_POLLS = 50;

/** One device instance and the host's side of it: polled when it is due, when it woke, when frames wait, and not else. */
export class DeviceRig {
  readonly device: DeviceEmulator;
  readonly guest: TestGuest;
  readonly port: StrictPort;
  readonly clock: ManualClock;
  readonly faults = new Map<DeviceFault, string>();
  /** The kit's frames that have reached the host. */
  readonly sent: Uint8Array[] = [];
  readonly #scenario: DeviceScenario;
  readonly #toSend: Uint8Array[];
  #dueUs = 0;
  #woken = false;
  #idlePolls = 0;
  #looks = 0;

  private constructor(make: MakeDevice, scenario: DeviceScenario, guest: TestGuest) {
    const { shared, maxFrameBytes, ring } = scenario;
    const parts = kitParts([1e9, 1e9], [{}, {}]);
    this.#scenario = scenario;
    this.guest = guest;
    this.clock = parts.clock;
    this.port = new StrictPort({ shared, maxFrameBytes, capacity: ring });
    this.#toSend = guest.send === undefined ? [] : scenario.fromVm.map(markedFrame);
    this.device = make({ ...scenario.options, ...guest.options }, { ...parts, port: this.port });
  }

  /** Makes the guest and a device for it, which is not open yet. */
  static async make(make: MakeDevice, scenario: DeviceScenario, guest?: MakeGuest): Promise<DeviceRig> {
    return new DeviceRig(make, scenario, (await guest?.()) ?? {});
  }

  async open(): Promise<void> {
    await this.device.open?.();
    this.device.attach?.(() => {
      this.#woken = true;
    });
    if (!this.#scenario.shared) {
      this.setRunning(false);
      this.setRunning(true);
    }
    await this.guest.connect?.(this.device);
    await this.guest.settle?.();
    for (const [i, bytes] of this.#scenario.toVm.entries()) this.port.waiting.push(markedFrame(bytes, 1000 + i));
  }

  setRunning(running: boolean): void {
    this.device.setRunning?.(running);
    this.#woken = true;
  }

  async close(): Promise<void> {
    await this.device.close?.();
    await this.guest.close?.();
  }

  /** Everything: opens the device, moves what there is to move both ways, closes it. */
  async run(): Promise<this> {
    await this.open();
    return this.finish();
  }

  /** The same, of a device that is open. */
  async finish(): Promise<this> {
    while (!this.done) if (!(await this.look())) break;
    // What the guest was sent may still be on its way to it.
    for (let moment = 0; moment < PATIENT_POLLS && !this.allReceived; moment++) await this.guest.settle?.();
    await this.close();
    for (const [fault, what] of this.port.faults) this.#note(fault, what);
    return this;
  }

  get allReceived(): boolean {
    const received = this.guest.received?.(this.device);
    return received === undefined || received.length >= this.#scenario.toVm.length;
  }

  /** Frames that the device has pushed, its own guest's included. */
  get pushedFrames(): number {
    return this.port.pushedFrames;
  }

  get done(): boolean {
    const told = this.guest.send === undefined || this.sent.length >= this.#scenario.fromVm.length;
    return told && this.#takesAll;
  }

  /** Without a guest that says what it receives, frames may wait for it for ever. */
  get #takesAll(): boolean {
    return this.port.waiting.length === 0 || this.guest.received === undefined;
  }

  /** One look of the host at its device. False when it will do nothing more. */
  async look(): Promise<boolean> {
    const { clock, port, guest } = this;
    if (this.#toSend.length > 0) {
      const went = await guest.send?.(this.device, [...this.#toSend]);
      this.#toSend.splice(0, went ?? this.#toSend.length);
    }
    await guest.settle?.();
    port.end();
    if (this.#woken || this.#dueUs <= clock.nowUs() || port.waiting.length > 0) this.poll();
    this.hostTakes();
    if (this.faults.has('endless') || port.faults.has('endless')) return false;
    if (++this.#looks > MAX_LOOKS) {
      const left = `${this.sent.length} of ${this.#scenario.fromVm.length} frames came from the VM`;
      this.#note('stalled', `after ${MAX_LOOKS} looks ${left}, ${port.waiting.length} still wait for it`);
      return false;
    }
    const { stepsUs } = this.#scenario;
    clock.advance(this.#looks <= STEPPED_LOOKS ? stepsUs[this.#looks % stepsUs.length] : COARSE_US);
    return true;
  }

  /** The host takes what its part is of what was sent. */
  hostTakes(): void {
    const frames = this.port.take(this.#scenario.hostTakes);
    for (const frame of frames) if (isMarked(frame)) this.sent.push(frame);
  }

  poll(): void {
    const { clock, port } = this;
    const nowUs = clock.nowUs();
    const before = port.waiting.length - port.room();
    this.#woken = false;
    port.begin();
    let answer: unknown = Number.POSITIVE_INFINITY;
    try {
      answer = this.device.poll(nowUs);
    } catch (thrown) {
      if (!(thrown instanceof EndlessPoll)) throw thrown;
    }
    port.end();
    if (typeof answer !== 'number' || !(answer >= nowUs)) {
      this.#note('due', `its poll at ${nowUs} us answered ${String(answer)}`);
      answer = Number.POSITIVE_INFINITY;
    }
    this.#dueUs = answer as number;
    const idle = answer === nowUs && port.waiting.length - port.room() === before;
    this.#idlePolls = idle ? this.#idlePolls + 1 : 0;
  }

  /** Polls in one instant for as long as the device asks for it; what it does wrong when that has no end. */
  pollsAtOnce(): string | undefined {
    const nowUs = this.clock.nowUs();
    this.#idlePolls = 0;
    do this.poll();
    while (this.#dueUs <= nowUs && this.#idlePolls <= PATIENT_POLLS);
    if (this.#idlePolls <= PATIENT_POLLS) return undefined;
    return `its poll at ${nowUs} us asked ${PATIENT_POLLS} times to be called at once, and moved nothing`;
  }

  #note(fault: DeviceFault, what: string): void {
    if (!this.faults.has(fault)) this.faults.set(fault, what);
  }
}
