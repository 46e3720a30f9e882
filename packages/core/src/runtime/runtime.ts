import type { Clock } from '@fairlead/sdk';
import { afterRealTime, type VirtualClock } from '../clock.ts';
import { hostState } from '../host-state.ts';
import type { HostFramePort } from '../managers/host-frames.ts';
import type { NicManager } from '../managers/nic-manager.ts';
import type { Arena } from '../memory/arena.ts';
import type { Doorbell } from '../memory/doorbell.ts';
import type { PluginFault } from '../path/plugin-failure.ts';
import type { Composition } from '../plan.ts';
import type { Surroundings } from '../plugins/instantiate.ts';
import type { PolicySection } from '../shadow/shadow-report.ts';
import type { SignalManager } from '../signals/signal-manager.ts';
import { type ExchangeHost, PolicyExchange } from '../succession/exchange.ts';
import { createInlineLoop, type InlineLoop } from '../succession/inline-loop.ts';
import type { TeamManager } from '../teams/team-manager.ts';
import type { TraceNames } from '../trace/describe-trace.ts';
import { TraceDesk, type TraceLoops } from '../trace/trace-desk.ts';
import { DeviceLoop } from './device-loop.ts';
import type { Devices } from './devices.ts';
import { InlineRuntime } from './inline.ts';
import type { Relocating } from './questions.ts';
import type { WorkerEvents } from './worker-events.ts';
import { WorkersRuntime } from './workers.ts';

/** What looks at the clock now and then, on the control path. */
export interface Polled {
  poll(nowUs: number): void;
}

/** What a host's forwarding loops and its device thread share. */
export interface RuntimeParts {
  readonly arena: Arena;
  readonly clock: Clock;
  readonly composition: Composition;
  readonly devices: Devices;
  readonly nics: NicManager;
  readonly signals: SignalManager;
  readonly cluster: Polled;
  readonly teams: TeamManager;
  readonly hostFrames: HostFramePort;
  readonly surroundings: Surroundings;
  readonly host: ExchangeHost;
}

/** What the runtime tells the host. */
export type RuntimeReport = Pick<WorkerEvents, 'fault' | 'driverFailed' | 'workerLost' | 'log'>;

/** The forwarding loops of a host, of one runtime or the other, and what exchanges their policies. */
export class Runtime {
  inline: InlineRuntime | undefined;
  exchange: PolicyExchange | undefined;
  desk: TraceDesk | undefined;
  readonly #parts: RuntimeParts;
  readonly #report: RuntimeReport;
  /** What is looked at behind each poll of the links. */
  readonly #polled: Polled;
  #workers: WorkersRuntime | undefined;
  #inlineLoop: InlineLoop | undefined;
  #deviceLoop: DeviceLoop | undefined;

  constructor(parts: RuntimeParts, report: RuntimeReport) {
    const { signals, cluster } = parts;
    this.#polled = {
      poll: (nowUs) => {
        signals.poll(nowUs);
        cluster.poll(nowUs);
      },
    };
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
      judged: (detector, found) => signals.judged(0, detector, found),
      detectorFailed: (detector, fault) => this.#detectorFailed(fault, 0, detector),
      driverFailed: (fault) => this.#report.driverFailed(fault, 0, false),
      shadowFailed: this.#shadowFailed,
    });
    this.#inlineLoop = loop;
    const { linkPollMs } = composition.config.monitor;
    const inline = new InlineRuntime(
      clock as VirtualClock,
      devices,
      nics,
      this.#polled,
      hostFrames,
      loop.forwarder,
      arena.txDoorbells[0] as Doorbell,
      linkPollMs,
    );
    this.inline = inline;
    const after = inline.after.bind(inline);
    this.exchange = new PolicyExchange(composition, loop, after, host);
    const { tracer } = loop.forwarder;
    const desk = new TraceDesk(
      { trace: (vm, frames) => tracer.start(vm, frames, (frame) => desk.heard(frame)), untrace: () => tracer.stop() },
      this.#names(),
      after,
    );
    this.desk = desk;
    await this.exchange.setConfigured();
  }

  async #startWorkers(open: () => Promise<void>): Promise<void> {
    const { arena, clock, composition, devices, nics, signals, hostFrames, surroundings, host } = this.#parts;
    const events: WorkerEvents = {
      ...this.#report,
      fault: (fault, worker) => this.#faulted(fault, worker),
      shadowFailed: this.#shadowFailed,
      judged: (worker, detector, found) => signals.judged(worker, detector, found),
      detectorFailed: (fault, worker, detector) => this.#detectorFailed(fault, worker, detector),
      silenced: (worker) => signals.silenced(worker),
      traced: (frame) => this.desk?.heard(frame),
      moved: (plugin, move, leftOut) => surroundings.moved?.(plugin, move, leftOut),
    };
    const workers = new WorkersRuntime(arena, composition, events, () => devices.flush());
    this.#workers = workers;
    this.exchange = new PolicyExchange(composition, workers, afterRealTime, host);
    const loops: TraceLoops = {
      trace: (vm, frames) => workers.trace(vm, { step: 'trace', vm, frames }),
      untrace: (vm) => workers.trace(vm, { step: 'untrace' }),
    };
    this.desk = new TraceDesk(loops, this.#names(), afterRealTime);
    await open();
    await workers.start();
    await this.exchange.setConfigured();
    const { linkPollMs } = composition.config.monitor;
    this.#deviceLoop = new DeviceLoop(arena, devices, nics, this.#polled, hostFrames, clock, linkPollMs);
    this.#deviceLoop.start();
  }

  #names(): TraceNames {
    const { arena, nics, teams } = this.#parts;
    return { nics, teams, nicNames: arena.nics.names, vmNames: arena.vms.names, vmTeam: arena.vms.team };
  }

  #faulted(fault: PluginFault, worker: number): void {
    this.exchange?.faulted(fault.hook === 'select' ? 'distribution' : 'admission', fault.fallback);
    this.#report.fault(fault, worker);
  }

  /** What it raised is over: nobody stands by it any more. */
  #detectorFailed(fault: PluginFault, worker: number, detector: number): void {
    this.#parts.signals.judged(worker, detector, []);
    this.#report.fault(fault, worker);
  }

  readonly #shadowFailed = (section: PolicySection, shadow: string, message: string): void =>
    this.exchange?.shadowFailed(section, shadow, message);

  /** Has the loop that owns a VM let it go, and answer what waited in its ring; or take it in. */
  async relocate(asked: Relocating): Promise<Uint8Array[]> {
    if (this.#workers !== undefined) return this.#workers.relocate(asked);
    const relocation = this.#inlineLoop?.forwarder.relocation;
    if (relocation === undefined) throw hostState('no forwarding loop runs', 'wait for the host to start');
    if (asked.step === 'leave') return relocation.leave(asked.vm);
    relocation.arrive(asked, this.#parts.clock.nowUs());
    return [];
  }

  /** Forwards no more. What waits is counted. */
  async stop(): Promise<void> {
    this.exchange?.close();
    this.desk?.end();
    this.#deviceLoop?.stop();
    await this.#workers?.stop();
    this.inline?.close();
    this.#inlineLoop?.close();
  }
}
