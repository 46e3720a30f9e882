import type { FrameBurst, NicDriver, TransmitBatch } from '@fairlead/sdk';
import type { Budget } from '../config.ts';
import type { CostTable, SampledHook } from '../memory/cost-table.ts';
import { Countdown, Meter, type Sampling } from './meter.ts';
import { PluginFailure } from './plugin-failure.ts';
import type { Policies } from './policies.ts';
import { TimedAdmission, TimedDistribution } from './timed-policies.ts';

/** Nothing is to be written behind the batch; a mark there shows who did. */
const MARK = 0xa5;

/** A driver as it is named in the table of costs, and its budget. */
export interface SampledDriver {
  readonly name: string;
  readonly budget?: Partial<Budget>;
}

/** What the sampled calls of one worker are held against. */
export interface SampledPlan extends Sampling {
  readonly worker: number;
  readonly costs: CostTable;
  /** By NIC. */
  readonly drivers: readonly SampledDriver[];
}

/**
 * The one call in many that is looked at closely: timed, held against its plugin's budget, and searched for what a
 * kernel must not do. It does what the call beside it does, and a breach is thrown where the plugin itself would throw.
 *
 * The hot path counts a countdown down and comes here when it is at zero; that is all it pays.
 */
export class SampledCalls {
  readonly admitting: Countdown;
  readonly sweeping: Countdown;
  readonly selecting: Countdown;
  readonly sending: Countdown;
  readonly receiving: Countdown;
  readonly #policies: Policies;
  readonly #plan: SampledPlan;
  readonly #meters = new Map<SampledHook, { instance: unknown; meter: Meter }>();
  readonly #timedAdmission = new TimedAdmission();
  readonly #timedDistribution = new TimedDistribution();
  readonly #driverMeters: readonly { send: Meter; receive: Meter }[];

  constructor(policies: Policies, plan: SampledPlan) {
    this.#policies = policies;
    this.#plan = plan;
    const salt = plan.worker * 8;
    this.admitting = new Countdown(plan, salt);
    this.sweeping = new Countdown(plan, salt + 1);
    this.selecting = new Countdown(plan, salt + 2);
    this.sending = new Countdown(plan, salt + 3);
    this.receiving = new Countdown(plan, salt + 4);
    this.#driverMeters = plan.drivers.map(({ name, budget = {} }, nic) => ({
      send: new Meter('send', name, plan.costs.row(plan.worker, 'send', nic), plan.probe, budget),
      receive: new Meter('receive', name, plan.costs.row(plan.worker, 'receive', nic), plan.probe, budget),
    }));
  }

  /** The meter of a policy's hook; another one when another plugin has taken the place. */
  #meter(hook: 'admit' | 'sweep' | 'select', instance: unknown): Meter {
    const policies = this.#policies;
    let held = this.#meters.get(hook);
    if (held === undefined || held.instance !== instance) {
      const { name, budget } = hook === 'select' ? policies.distributionServing : policies.admissionServing;
      const row = this.#plan.costs.row(this.#plan.worker, hook);
      held = { instance, meter: new Meter(hook, name, row, this.#plan.probe, budget) };
      this.#meters.set(hook, held);
    }
    return held.meter;
  }

  admit(batch: TransmitBatch): unknown {
    this.admitting.again();
    const policy = this.#policies.admission;
    if (this.admitting.off) return policy.admit(batch);
    const real = this.#policies.behind('admission', policy);
    const meter = this.#meter('admit', real);
    const { vm, count, nowUs, verdict, reason } = batch;
    const bytes = totalBytes(batch);
    const behind = count < verdict.length;
    if (behind) verdict[count] = reason[count] = MARK;
    try {
      const answer = this.#timedAdmission.through(policy, real, meter, (one) => one.admit(batch));
      if (behind && (verdict[count] !== MARK || reason[count] !== MARK)) throw behindBatch('admit', count);
      demandInput('admit', batch, vm, count, nowUs, bytes);
      return answer;
    } finally {
      if (behind) verdict[count] = reason[count] = 0;
    }
  }

  select(batch: TransmitBatch): unknown {
    this.selecting.again();
    const policy = this.#policies.distribution;
    if (this.selecting.off) return policy.select(batch);
    const real = this.#policies.behind('distribution', policy);
    const meter = this.#meter('select', real);
    const { vm, count, nowUs, nic } = batch;
    const bytes = totalBytes(batch);
    const behind = count < nic.length;
    if (behind) nic[count] = -MARK;
    const answer = this.#timedDistribution.through(policy, real, meter, (one) => one.select(batch));
    if (behind && nic[count] !== -MARK) throw behindBatch('select', count);
    demandInput('select', batch, vm, count, nowUs, bytes);
    return answer;
  }

  sweep(nowUs: number): unknown {
    this.sweeping.again();
    const policy = this.#policies.admission;
    if (this.sweeping.off) return policy.sweep?.(nowUs);
    const real = this.#policies.behind('admission', policy);
    const meter = this.#meter('sweep', real);
    return this.#timedAdmission.through(policy, real, meter, (one) => one.sweep?.(nowUs));
  }

  send(driver: NicDriver, nic: number, burst: FrameBurst): number {
    this.sending.again();
    const meter = this.#driverMeters[nic]?.send;
    if (this.sending.off || meter === undefined) return driver.send(burst);
    meter.begin();
    const sent = driver.send(burst);
    this.#ended(meter, nic, 'send');
    return sent;
  }

  receive(driver: NicDriver, nic: number, burst: FrameBurst): number {
    this.receiving.again();
    const meter = this.#driverMeters[nic]?.receive;
    if (this.receiving.off || meter === undefined) return driver.receive(burst);
    meter.begin();
    const received = driver.receive(burst);
    this.#ended(meter, nic, 'receive');
    return received;
  }

  /** What a driver has taken or given counts even when it took too long: its frames have left, or are here. */
  #ended(meter: Meter, nic: number, hook: string): void {
    try {
      meter.end();
    } catch (cause) {
      this.driverBroke(nic, hook, cause);
    }
  }

  /** Told of a driver that has broken its budget. */
  driverBroke: (nic: number, hook: string, cause: unknown) => void = () => undefined;
}

function totalBytes({ bytes, count }: TransmitBatch): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += bytes[i];
  return total;
}

function behindBatch(hook: string, count: number): PluginFailure {
  return new PluginFailure(
    'FAIRLEAD_ERR_PLUGIN_RANGE',
    `${hook} wrote to place ${count} of a batch of ${count} frames`,
  );
}

/** What the host has filled in is not for a kernel to change: the frames themselves would go under a wrong account. */
function demandInput(
  hook: string,
  batch: TransmitBatch,
  vm: number,
  count: number,
  nowUs: number,
  bytes: number,
): void {
  const { vm: vmNow, count: countNow, nowUs: nowUsNow } = batch;
  if (vmNow === vm && countNow === count && nowUsNow === nowUs && totalBytes(batch) === bytes) return;
  throw new PluginFailure(
    'FAIRLEAD_ERR_PLUGIN_RANGE',
    `${hook} changed what it was asked about: VM, count, time or bytes`,
  );
}
