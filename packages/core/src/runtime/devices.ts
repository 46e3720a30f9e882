import { type DeviceEmulator, FairleadError, isFairleadError, Port, parseMac } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import { ArenaPort } from '../path/vnic-port.ts';
import type { Composition, DevicePlan } from '../plan.ts';
import { type ControlCall, inTime } from '../plugins/control-call.ts';
import { instantiate, type Surroundings } from '../plugins/instantiate.ts';
import { DueTimes } from './due-times.ts';

interface Device {
  readonly number: number;
  readonly plan: DevicePlan;
  readonly port: ArenaPort;
  readonly emulator: DeviceEmulator;
  broken: boolean;
  /** Stands among those that are polled next, whatever their time. */
  woken: boolean;
}

/** Told when a device emulator has failed in a hook. */
type DeviceFailed = (device: string, cause: unknown, plan: DevicePlan, hook: string) => void;

/**
 * The virtual NICs of a host, all on the device thread: the host's own. A guest's connection therefore outlives every
 * forwarding worker. A device is polled when a frame has come for its VM, when it asked to be, and when its time has
 * come.
 */
export class Devices {
  readonly #arena: Arena;
  readonly #devices: readonly Device[];
  /** Device of each VM. */
  readonly #ofVm: readonly Device[];
  readonly #failed: DeviceFailed;
  readonly #rung: Int32Array;
  readonly #deaf: Int32Array;
  #woken: Device[] = [];
  /** Those that are being polled because they were woken. */
  #polled: Device[] = [];
  readonly #times: DueTimes;
  readonly #due: number[] = [];
  /** Called when a device asks to be polled while the device thread may sleep. */
  onWake: () => void = () => undefined;

  constructor(arena: Arena, composition: Composition, surroundings: Surroundings, failed: DeviceFailed) {
    this.#arena = arena;
    this.#failed = failed;
    this.#rung = new Int32Array(arena.layout.doorbellWords);
    this.#deaf = new Int32Array(arena.layout.doorbellWords);
    const ofVm: Device[] = [];
    this.#devices = composition.devices.map((plan, number) => {
      const macs = plan.vms.map((vm) => parseMac((composition.config.vms[vm] as { mac: string }).mac));
      const port = new ArenaPort(arena, plan.name, plan.vms, plan.shared, macs);
      const { definition, options, where } = plan.plugin;
      const emulator = instantiate(definition, options, surroundings, where, { token: Port, value: port });
      const device: Device = { number, plan, port, emulator, broken: false, woken: false };
      for (const vm of plan.vms) ofVm[vm] = device;
      return device;
    });
    this.#ofVm = ofVm;
    this.#times = new DueTimes(this.#devices.length);
  }

  /** @throws FairleadError `FAIRLEAD_ERR_DEVICE_OPEN`; what was opened before is to be closed with `close`. */
  async open(): Promise<void> {
    for (const device of this.#devices) {
      try {
        await inTime(async () => device.emulator.open?.(), controlCall(device.plan, 'open'));
      } catch (cause) {
        if (isFairleadError(cause)) throw cause;
        throw new FairleadError(
          'FAIRLEAD_ERR_DEVICE_OPEN',
          `virtual NIC "${device.plan.name}" could not be opened: ${(cause as Error).message}`,
          {
            where: device.plan.plugin.where,
            mend: 'see the cause',
            cause,
          },
        );
      }
      device.emulator.attach?.(() => {
        this.#wake(device);
        this.onWake();
      });
      // No VM runs before the VM manager has started it.
      if (!device.plan.shared) device.emulator.setRunning?.(false);
    }
  }

  async close(): Promise<void> {
    for (const device of this.#devices) {
      try {
        await inTime(async () => device.emulator.close?.(), controlCall(device.plan, 'close'));
      } catch (cause) {
        this.#failed(device.plan.name, cause, device.plan, 'close');
      }
    }
  }

  /** Polls every device that has something to do. Returns when the next one is due, in microseconds. */
  poll(nowUs: number): number {
    this.#arena.rxDoorbell.collect(this.#rung, this.#deaf);
    for (let word = 0; word < this.#rung.length; word++) {
      let bits = this.#rung[word];
      this.#rung[word] = 0;
      while (bits !== 0) {
        const device = this.#ofVm[(word << 5) | (31 - Math.clz32(bits & -bits))];
        bits &= bits - 1;
        if (device !== undefined) this.#wake(device);
      }
    }
    // A device that asks again while it is polled has its turn in the next call.
    const woken = this.#woken;
    this.#woken = this.#polled;
    this.#polled = woken;
    for (const device of woken) {
      device.woken = false;
      this.#pollOne(device, nowUs);
    }
    woken.length = 0;
    if (this.#times.nextUs <= nowUs) this.#pollDue(nowUs);
    return this.#woken.length > 0 ? nowUs : this.#times.nextUs;
  }

  #wake(device: Device): void {
    if (device.woken) return;
    device.woken = true;
    this.#woken.push(device);
  }

  #pollDue(nowUs: number): void {
    const due = this.#due;
    this.#times.take(nowUs, due);
    for (const number of due) this.#pollOne(this.#devices[number] as Device, nowUs);
    due.length = 0;
  }

  #pollOne(device: Device, nowUs: number): void {
    if (device.broken) {
      this.#times.set(device.number, Number.POSITIVE_INFINITY);
      return;
    }
    device.port.look(nowUs);
    try {
      const due = Math.min(device.emulator.poll(nowUs), device.port.nextPullUs);
      this.#times.set(device.number, due > nowUs ? due : nowUs + 1);
    } catch (cause) {
      device.broken = true;
      this.#times.set(device.number, Number.POSITIVE_INFINITY);
      this.#failed(device.plan.name, cause, device.plan, 'poll');
    }
    device.port.flush();
  }

  /** What a VM receives waits for so long before its virtual NIC sees it; 0: not at all. */
  delay(vm: number, delayUs: number, nowUs: number): void {
    const device = this.#ofVm[vm];
    if (device === undefined) return;
    this.#arena.vms.rxDelayUs[vm] = delayUs;
    device.port.delay(vm, delayUs, nowUs);
    this.#wake(device);
    this.onWake();
  }

  setRunning(vm: number, running: boolean): void {
    const device = this.#ofVm[vm];
    if (device === undefined || device.plan.shared) return;
    device.emulator.setRunning?.(running);
    this.#wake(device);
    this.onWake();
  }

  /** The host's side of a VM's virtual NIC. */
  portOf(vm: number): ArenaPort | undefined {
    return this.#ofVm[vm]?.port;
  }

  /** The device emulator of a virtual NIC: what a test or a program drives a simulated guest by. */
  emulator(name: string): DeviceEmulator {
    const device = this.#devices.find((candidate) => candidate.plan.name === name);
    if (device !== undefined) return device.emulator;
    throw new FairleadError('FAIRLEAD_ERR_UNKNOWN_VM', `there is no virtual NIC "${name}"`, {
      mend: `use one of: ${this.#devices.map((candidate) => candidate.plan.name).join(', ')}`,
    });
  }

  /** Makes everything that devices have pushed visible, for an audit. */
  flush(): void {
    for (const device of this.#devices) device.port.flush();
  }
}

function controlCall({ plugin }: DevicePlan, hook: string): ControlCall {
  return { plugin: plugin.name, hook, where: plugin.where, limitMs: plugin.budget.controlMs };
}
