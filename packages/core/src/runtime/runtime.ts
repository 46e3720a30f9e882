import type { Clock } from '@fairlead/sdk';
import { afterRealTime, type VirtualClock } from '../clock.ts';
import type { HostFramePort } from '../managers/host-frames.ts';
import type { NicManager } from '../managers/nic-manager.ts';
import type { Arena } from '../memory/arena.ts';
import type { PluginFault } from '../path/plugin-failure.ts';
import type { Composition } from '../plan.ts';
import type { Surroundings } from '../plugins/instantiate.ts';
import type { PolicySection } from '../shadow/shadow-report.ts';
import type { SignalManager } from '../signals/signal-manager.ts';
import { type ExchangeHost, PolicyExchange } from '../succession/exchange.ts';
import { createInlineLoop } from '../succession/inline-loop.ts';
import { DeviceLoop } from './device-loop.ts';
import type { Devices } from './devices.ts';
import { InlineRuntime } from './inline.ts';
import { type WorkerEvents, WorkersRuntime } from './workers.ts';

/** What a host's forwarding loops and its device thread share. */
export interface RuntimeParts {
  readonly arena: Arena;
  readonly clock: Clock;
  readonly composition: Composition;
  readonly devices: Devices;
  readonly nics: NicManager;
  readonly signals: SignalManager;
  readonly hostFrames: HostFramePort;
  readonly surroundings: Surroundings;
  readonly host: ExchangeHost;
}

/** What the runtime tells the host. */
export type RuntimeReport = Omit<WorkerEvents, 'shadowFailed'>;

/** The forwarding loops of a host, of one runtime or the other, and what exchanges their policies. */
export class Runtime {
  inline: InlineRuntime | undefined;
  exchange: PolicyExchange | undefined;
  readonly #parts: RuntimeParts;
  readonly #report: RuntimeReport;
  #workers: WorkersRuntime | undefined;
  #deviceLoop: DeviceLoop | undefined;

  constructor(parts: RuntimeParts, report: RuntimeReport) {
    this.#parts = parts;
    this.#report = report;
  }

  /** Begins to forward; `open` opens what is on the host's own thread. */
  async start(open: () => Promise<void>): Promise<void> {
    if (this.#parts.composition.config.runtime.kind === 'inline') await this.#startInline(open);
    else await this.#startWorkers(open);
  }

  async #startInline(open: () => Promise<void>): Promise<void> {
    const { arena, clock, composition, devices, nics, signals, hostFrames, surroundings, host } = this.#parts;
    await open();
    const loop = createInlineLoop(arena.handle, composition, nics.drivers, surroundings, {
      fault: (fault) => this.#faulted(fault, 0),
      driverFailed: (fault) => this.#report.driverFailed(fault, 0, false),
      shadowFailed: this.#shadowFailed,
    });
    const inline = new InlineRuntime(clock as VirtualClock, devices, nics, signals, hostFrames, loop.forwarder);
    this.inline = inline;
    this.exchange = new PolicyExchange(composition, loop, inline.after.bind(inline), host);
    await this.exchange.setConfigured();
  }

  async #startWorkers(open: () => Promise<void>): Promise<void> {
    const { arena, clock, composition, devices, nics, signals, hostFrames, host } = this.#parts;
    const events: WorkerEvents = {
      ...this.#report,
      fault: (fault, worker) => this.#faulted(fault, worker),
      shadowFailed: this.#shadowFailed,
    };
    const workers = new WorkersRuntime(arena, composition, events, () => devices.flush());
    this.#workers = workers;
    this.exchange = new PolicyExchange(composition, workers, afterRealTime, host);
    await open();
    await workers.start();
    await this.exchange.setConfigured();
    const { linkPollMs } = composition.config.monitor;
    this.#deviceLoop = new DeviceLoop(arena, devices, nics, signals, hostFrames, clock, linkPollMs);
    this.#deviceLoop.start();
  }

  #faulted(fault: PluginFault, worker: number): void {
    this.exchange?.faulted(fault.hook === 'select' ? 'distribution' : 'admission', fault.fallback);
    this.#report.fault(fault, worker);
  }

  readonly #shadowFailed = (section: PolicySection, shadow: string, message: string): void =>
    this.exchange?.shadowFailed(section, shadow, message);

  /** Forwards no more. What waits is counted. */
  async stop(): Promise<void> {
    this.exchange?.close();
    this.#deviceLoop?.stop();
    await this.#workers?.stop();
    this.inline?.close();
  }
}
