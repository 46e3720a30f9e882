import { type LoadDistribution, type NicDriver, TransmitBatch } from '@fairlead/sdk';
import type { Arena } from '../memory/arena.ts';
import type { Doorbell } from '../memory/doorbell.ts';
import { MacTable } from '../memory/mac-table.ts';
import { ALL_TEAMS } from '../memory/nic-view.ts';
import { type Enter, Phase } from '../memory/threads.ts';
import { FrameTracer } from '../trace/frame-tracer.ts';
import { Classifier, type Waiting } from './classify.ts';
import { Delivery } from './delivery.ts';
import { Dispatcher } from './dispatch.ts';
import { createDrainAll } from './drain-all.ts';
import type { ForwarderOptions } from './forwarder-options.ts';
import { HostFrames } from './host-frames.ts';
import type { Sampling } from './meter.ts';
import { NicQueues } from './nic-queues.ts';
import type { Observer } from './observer.ts';
import { OrderHold } from './order-hold.ts';
import { createOwnAddresses } from './own-addresses.ts';
import { Parking } from './parking.ts';
import { wrongAnswer } from './plugin-failure.ts';
import type { Policies } from './policies.ts';
import { ReceivePath } from './receive.ts';
import { Relocation } from './relocation.ts';
import { SampledCalls } from './sampled-calls.ts';
import { createServeAll } from './serve-all.ts';
import { TakeBack } from './take-back.ts';
import { TeamView } from './team-view.ts';
import { TransmitPath } from './transmit.ts';
import { createWarm, type Warm } from './warm.ts';
import { WatchedDelivery } from './watched-delivery.ts';
import { watchRings } from './watched-ring.ts';

const UNSAMPLED: Sampling = { every: 0, seed: 0, probe: { nowNs: () => 0, heapBytes: () => 0 } };

/**
 * The forwarding loop's body. One sweep: see which NICs there are, take in what has arrived, give every VM that has
 * something its turn, and let the drivers send. It reads top to bottom; nothing calls back up.
 *
 * @example
 * ```ts
 * import { Arena, createArena } from '@fairlead/core/stages';
 *
 * const shape = { vms: 2, nics: 1, workers: 1, poolFrames: 1024, slotBytes: 2048, txRingFrames: 16, rxRingFrames: 16 };
 * const handle = createArena({ ...shape, nicRingFrames: 64 }, { nics: ['uplink0'], vms: ['web', 'db'] });
 * const arena = new Arena(handle, 0);
 * import { Forwarder, type ForwarderOptions, Policies } from '@fairlead/core/stages';
 * import type { NicDriver } from '@fairlead/sdk';
 *
 * const sink: NicDriver = { link: () => ({ up: true, speedBps: 1e9 }), send: (burst) => burst.count, receive: () => 0 };
 * const options: ForwarderOptions = {
 *   worker: 0,
 *   batchFrames: 32,
 *   portSecurity: true,
 *   drivers: [sink],
 *   receives: [0],
 *   driverFailed: (nic, hook, cause) => console.error(nic, hook, cause),
 * };
 * const policies = new Policies({ seat: undefined }, { seat: undefined }, arena.nics, (fault) => console.error(fault));
 * const loop = new Forwarder(arena, policies, options);
 * console.log(loop.sweep(10)); // 0: nothing to do
 * ```
 */
export class Forwarder {
  /** The way out. */
  readonly transmit: TransmitPath;
  /** Writes down what becomes of single frames, when somebody asks. */
  readonly tracer: FrameTracer;
  /** Lets VMs go, and takes them in. */
  readonly relocation: Relocation;
  /** This worker's queues on the NICs. */
  readonly queues: NicQueues;
  readonly #arena: Arena;
  readonly #worker: number;
  readonly #enter: Enter;
  readonly #policies: Policies;
  readonly #delivery: Delivery;
  /** Shows the frames to detectors, where there are any. */
  readonly #observer: Observer | undefined;
  readonly #teams: TeamView;
  readonly #takeBack: TakeBack;
  readonly #dispatcher: Dispatcher;
  readonly #hold: OrderHold;
  /** The load distribution that decided in the last sweep. */
  #decides: LoadDistribution;
  readonly #hostFrames: HostFrames;
  readonly #receivers: readonly ReceivePath[];
  readonly #parking: Parking;
  /** VMs that have frames and may be served. */
  readonly #ready: Int32Array;
  readonly #drivers: readonly NicDriver[];
  readonly #driverFailed: ForwarderOptions['driverFailed'];
  readonly #nicReturned: ((nic: number) => void) | undefined;
  #changesSeen = -1;
  /** NICs that went down with frames in their queue. */
  #takeBackMask = 0;
  readonly #warm: Warm;
  readonly #serveAll: (nowUs: number) => number;
  readonly #drain: (nowUs: number) => number;
  readonly #sweep: (nowUs: number) => number;
  readonly #sampled: SampledCalls;

  constructor(arena: Arena, policies: Policies, options: ForwarderOptions) {
    const { worker, drivers, driverFailed, sampling = UNSAMPLED, sampledDrivers = [] } = options;
    const sampled = new SampledCalls(policies, { ...sampling, worker, costs: arena.costs, drivers: sampledDrivers });
    sampled.driverBroke = driverFailed;
    this.#sampled = sampled;
    const macs = new MacTable(arena.vms);
    this.#nicReturned = options.nicReturned;
    this.#arena = arena;
    this.#worker = worker;
    this.#enter = arena.threads.createEnter(worker);
    this.#policies = policies;
    const { observer } = options;
    this.#observer = observer;
    this.#delivery =
      observer === undefined ? new Delivery(arena, worker) : new WatchedDelivery(arena, worker, observer);
    this.#teams = new TeamView(arena);
    this.queues = new NicQueues(arena, worker, drivers, driverFailed, sampled);
    const batch = new TransmitBatch();
    batch.memory = arena.pool.memory;
    const { portSecurity, addresses, batchFrames } = options;
    const own = addresses && createOwnAddresses(arena.vms, addresses);
    const watched = observer && ((waiting: Waiting) => watchRings(arena, observer, waiting));
    const classifier = new Classifier(arena, macs, portSecurity, batch.bytes, own, watched);
    const { frames } = classifier;
    const dispatcher = new Dispatcher(arena, worker, batch, frames, policies, this.queues, sampled);
    this.#dispatcher = dispatcher;
    this.transmit = new TransmitPath(
      arena,
      worker,
      batch,
      classifier,
      policies,
      dispatcher,
      this.#delivery,
      batchFrames,
      sampled,
    );
    this.relocation = new Relocation({ arena, delivery: this.#delivery, policies, transmit: this.transmit });
    this.tracer = new FrameTracer({ arena, batch, classifier, policies, queues: this.queues, transmit: this.transmit });
    this.#hold = new OrderHold(this.queues, arena.pool, arena.nics.count, arena.layout.doorbellWords);
    this.#decides = policies.distribution;
    this.#takeBack = new TakeBack(arena, batch, classifier.frames, policies, this.queues, dispatcher, batchFrames);
    this.#hostFrames = new HostFrames(arena, worker, dispatcher, drivers, driverFailed);
    this.#receivers = options.receives.map(
      (nic) => new ReceivePath(arena, worker, nic, drivers, macs, this.#teams, this.#delivery, driverFailed, sampled),
    );
    this.#warm = createWarm(arena);
    this.#parking = new Parking(arena.vms.count);
    this.#ready = new Int32Array(arena.layout.doorbellWords);
    this.#drivers = drivers;
    this.#driverFailed = driverFailed;
    this.#drain = createDrainAll(this.#teams, this.queues);
    this.#serveAll = createServeAll({
      ready: this.#ready,
      held: this.#hold.held,
      transmit: this.transmit,
      teams: this.#teams,
      vmCount: arena.vms.count,
      warm: this.#warm,
      parking: this.#parking,
      drain: this.#drain,
    });
    const sweep = this.#createSweep();
    this.#sweep = observer === undefined ? sweep : (nowUs) => (observer.advance(nowUs), sweep(nowUs));
    // What a worker before this one left in the rings was announced to it, not to this one.
    for (let vm = 0; vm < arena.vms.count; vm++) {
      if (arena.vms.worker[vm] === worker && arena.txRings.length(vm) > 0) arena.txDoorbells[worker]?.ring(vm);
    }
  }

  /** One sweep. Returns how much was done: 0 when there was nothing to do. */
  sweep(nowUs: number): number {
    return this.#sweep(nowUs);
  }

  /** A hot function, as docs/adr/0004 says: a host under light load sweeps often and finds little. */
  #createSweep(): (nowUs: number) => number {
    const { threads, txDoorbells } = this.#arena;
    const fixed = {
      threads,
      worker: this.#worker,
      receivers: this.#receivers,
      delivery: this.#delivery,
      hostFrames: this.#hostFrames,
      parking: this.#parking,
      ready: this.#ready,
      doorbell: txDoorbells[this.#worker] as Doorbell,
      parked: this.#parking.bits,
      policies: this.#policies,
      inbound: this.#delivery.policer,
      outbound: this.transmit.policer,
      hold: this.#hold,
      teams: this.#teams,
      serveAll: this.#serveAll,
      drain: this.#drain,
      enter: this.#enter,
      core: Phase.Core,
    };
    const sweep = (nowUs: number): number => {
      const { threads, worker, receivers, delivery, hostFrames, parking, ready, doorbell, parked } = fixed;
      const { policies, hold, teams, serveAll, drain, enter, core, inbound, outbound } = fixed;
      threads.beat(worker);
      if (threads.availableChanges !== this.#changesSeen || this.#takeBackMask !== 0) this.#watchAvailable(nowUs);
      if (inbound.on) inbound.nowUs = nowUs;
      if (outbound.on) outbound.nowUs = nowUs;
      let work = 0;
      for (let i = 0; i < receivers.length; i++) work += (receivers[i] as ReceivePath).poll(nowUs);
      work += delivery.takeHandoffs();
      if (hostFrames.waiting) work += hostFrames.poll(nowUs);
      parking.advance(nowUs, ready);
      doorbell.collect(ready, parked);
      if (policies.admission.sweep !== undefined) this.#sweepPolicy(nowUs);
      if (policies.distribution !== this.#decides) {
        this.#decides = policies.distribution;
        hold.begin(teams.servingMask, nowUs);
      }
      hold.check(teams.servingMask | this.#takeBackMask, nowUs);
      // Nothing overtakes frames that are being taken back; where no NIC is for them nothing can, but for their own VMs'.
      if (this.#takeBackMask === 0 || teams.servingCount === 0 || this.#takeBack.stranded) work += serveAll(nowUs);
      work += drain(nowUs);
      delivery.flush();
      enter(core, 0);
      return work;
    };
    return sweep;
  }

  #watchAvailable(nowUs: number): void {
    const { nics, threads } = this.#arena;
    // The set was written before the count of changes: while that is the same, so is the set.
    const changes = threads.availableChanges;
    if (changes !== this.#changesSeen) {
      this.#changesSeen = changes;
      for (let back = threads.available; back !== 0; back &= back - 1)
        this.#nicReturned?.(31 - Math.clz32(back & -back));
      if (this.#teams.look()) this.#takeBackMask = this.queues.leftBehind(this.#teams.servingMask);
      this.#dispatcher.takePins();
      this.#delivery.policer.look(nowUs);
      this.transmit.policer.look(nowUs);
      this.#hold.begin(this.#teams.servingMask | this.#takeBackMask, nowUs);
    }
    this.#takeBack.stranded = false;
    for (let nic = 0; this.#takeBackMask >>> nic !== 0 && nic < nics.count; nic++) {
      if (((this.#takeBackMask >>> nic) & 1) === 0) continue;
      if (this.#takeBack.from(nic, nowUs)) this.#takeBackMask &= ~(1 << nic);
    }
  }

  #sweepPolicy(nowUs: number): void {
    this.#enter(Phase.Sweep, 0);
    if (this.#teams.count > 1) this.#arena.nics.show(ALL_TEAMS);
    try {
      const sampled = this.#sampled;
      const { admission } = this.#policies;
      const answer: unknown = --sampled.sweeping.left > 0 ? admission.sweep?.(nowUs) : sampled.sweep(nowUs);
      if (answer !== undefined) throw wrongAnswer('sweep', answer);
    } catch (cause) {
      this.#policies.admissionFailed('sweep', 0, cause);
    }
  }

  /** Puts down everything that is held between two sweeps. */
  rest(): void {
    for (const receiver of this.#receivers) receiver.rest();
    this.#delivery.flush();
  }

  /** True when a VM may be served at the next sweep. */
  get hasReady(): boolean {
    for (let i = 0; i < this.#ready.length; i++) if (this.#ready[i] !== 0) return true;
    return false;
  }

  /** True when frames wait on a NIC's queue for its driver. */
  get hasQueued(): boolean {
    for (let nic = 0; nic < this.#arena.nics.count; nic++) if (this.queues.length(nic) > 0) return true;
    return false;
  }

  /** When this worker must look again if nothing rings: parked VMs and NICs that are at work. */
  nextEventUs(nowUs: number): number {
    let next = Math.min(this.#parking.nextDueUs(), this.#observer?.nextDueUs ?? Number.POSITIVE_INFINITY);
    for (let nic = 0; nic < this.#drivers.length; nic++) {
      try {
        const at = this.#drivers[nic]?.nextEventUs?.(nowUs) ?? Number.POSITIVE_INFINITY;
        if (at < next) next = at;
      } catch (cause) {
        this.#driverFailed(nic, 'nextEventUs', cause);
      }
    }
    return next;
  }

  /** Frames taken back from NICs that went down are still on their way. */
  get takingBack(): boolean {
    return this.#takeBackMask !== 0;
  }
}
