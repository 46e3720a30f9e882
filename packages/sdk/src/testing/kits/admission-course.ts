import { TransmitBatch } from '../../batch.ts';
import type { AdmissionPolicy } from '../../points/admission-policy.ts';
import { DROP_REASON_COUNT, Verdict } from '../../verdict.ts';
import { type AdmissionScenario, HOUR_US } from './admission-scenario.ts';
import { layOutHeaders } from './batch-frames.ts';
import { fillBatch, poisonBatch } from './batch-watch.ts';
import type { Make } from './candidate.ts';
import type { Course, Treatment } from './course.ts';
import { type KitParts, kitParts, type MutableKitParts } from './parts.ts';

/** Sweeps that the clock may stand still for, when a scenario has it stand. */
const SWEEPS_OF_ONE_INSTANT = 8;

/** Sweeps in a row that let nothing go, after which the next ones come seldom: a policy that is stuck is soon seen. */
const SWEEPS_IN_VAIN = 50;
const SELDOM_US = 2000;

/** What the policy said of one batch. */
interface Decision {
  readonly vm: number;
  readonly nowUs: number;
  readonly admitted: number;
  readonly dropped: number;
}

/** Looks at one batch; `admit` calls the policy. */
export type LookAtAdmission = (batch: TransmitBatch, admit: () => unknown, parts: KitParts) => string | undefined;

const justAdmit: LookAtAdmission = (_batch, admit) => void admit();

/** Finds an answer that cannot be one. */
export const answersWellFormed: LookAtAdmission = (batch, admit) => {
  admit();
  let drops = 0;
  for (let i = 0; i < batch.verdict.length; i++) {
    const verdict = batch.verdict[i];
    if (i >= batch.count && batch.reason[i] !== 0) return `it wrote batch.reason[${i}] of ${batch.count} frames`;
    if (verdict === Verdict.Admit) continue;
    if (verdict !== Verdict.Drop || i >= batch.count) return `it wrote batch.verdict[${i}] = ${verdict}`;
    if (batch.reason[i] >= DROP_REASON_COUNT)
      return `it dropped frame ${i} for reason ${batch.reason[i]}, which there is not`;
    drops++;
  }
  if (drops !== batch.drops) return `it dropped ${drops} frames, but batch.drops says ${batch.drops}`;
  const whole = Number.isInteger(batch.queuedFrom) && batch.queuedFrom >= 0 && batch.queuedFrom <= batch.count;
  return whole ? undefined : `it left batch.queuedFrom at ${batch.queuedFrom} of ${batch.count} frames`;
};

/** Four times what the limits and the NICs need for everything, and a tenth of a second. */
function patienceUs({ rings, phases, vms }: AdmissionScenario): number {
  let bits = 0;
  let slowestUs = 0;
  for (const [vm, ring] of rings.entries()) {
    const vmBits = ring.reduce((sum, bytes) => sum + bytes * 8, 0);
    bits += vmBits;
    slowestUs = Math.max(slowestUs, (vmBits * 1e6) / vms[vm].limitBps);
  }
  const slowestBps = Math.min(...phases.flatMap(({ speedsBps }) => speedsBps));
  return 1e5 + 4 * (slowestUs + (bits * 1e6) / slowestBps);
}

/**
 * The transmit path as far as an admission policy sees it: sweeps over the VMs' rings in turn, parks those that are to
 * be asked later, fills the emptiest NIC and lets the NICs drain at their speed.
 */
export class AdmissionCourse implements Course<AdmissionPolicy> {
  plugin: AdmissionPolicy;
  readonly parts: MutableKitParts;
  readonly decisions: Decision[] = [];
  /** Time gone by, leaps of an hour and more left out. */
  #waitedUs = 0;
  readonly #patienceUs: number;
  readonly #rings: number[][];
  readonly #retryAtUs: number[];
  readonly #scenario: AdmissionScenario;
  readonly #reuse: boolean;
  readonly #look: LookAtAdmission;
  #batch = new TransmitBatch();
  #sweeps = 0;
  #inVain = 0;
  #lastVm = -1;

  constructor(make: Make<AdmissionPolicy>, scenario: AdmissionScenario, { reuse }: Treatment, look = justAdmit) {
    this.#scenario = scenario;
    this.#reuse = reuse;
    this.#look = look;
    this.#patienceUs = patienceUs(scenario);
    this.#rings = scenario.rings.map((ring) => [...ring]);
    this.#retryAtUs = scenario.rings.map(() => 0);
    this.parts = kitParts(scenario.phases[0].speedsBps, scenario.vms);
    this.parts.nics.setAvailable(...scenario.phases[0].available);
    this.plugin = make(this.parts);
  }

  get answers(): readonly string[] {
    return this.decisions.map(tellDecision);
  }

  goesOn(): boolean {
    return this.#waitingFrames > 0 && this.#waitedUs <= this.#patienceUs;
  }

  /** One sweep over the VMs. */
  step(): string | undefined {
    this.#passTime();
    this.#turnPhase();
    const waiting = this.#waitingFrames;
    const what = this.#sweep();
    this.#sweeps++;
    this.#inVain = this.#waitingFrames < waiting ? 0 : this.#inVain + 1;
    return what === undefined ? undefined : `at ${this.parts.clock.nowUs()} us, ${what}`;
  }

  finish(): string | undefined {
    const waiting = this.#waitingFrames;
    return waiting === 0 ? undefined : `${waiting} frames still wait after ${Math.round(this.#waitedUs)} us`;
  }

  get #waitingFrames(): number {
    return this.#rings.reduce((sum, ring) => sum + ring.length, 0);
  }

  #passTime(): void {
    const { sweepsUs } = this.#scenario;
    const nowUs = this.parts.clock.nowUs();
    let stepUs = sweepsUs[this.#sweeps % sweepsUs.length];
    // A clock may stand still for a while; one that stood for ever would let nothing drain.
    if ((this.#sweeps + 1) % SWEEPS_OF_ONE_INSTANT === 0) stepUs = Math.max(stepUs, 100);
    if (this.#inVain > SWEEPS_IN_VAIN) stepUs = Math.max(stepUs, SELDOM_US);
    const parkedUntilUs = Math.min(...this.#retryAtUs.filter((_, vm) => this.#rings[vm].length > 0));
    stepUs = Math.max(stepUs, parkedUntilUs - nowUs);
    // A leap of the clock is no time to be served in; but to ask for one is to make a VM wait.
    if (stepUs < HOUR_US || parkedUntilUs - nowUs >= HOUR_US) this.#waitedUs += stepUs;
    this.parts.clock.advance(stepUs);
    const { pendingBytes, speedBps } = this.parts.nics;
    for (const nic of pendingBytes.keys()) {
      pendingBytes[nic] = Math.max(0, pendingBytes[nic] - Math.floor((speedBps[nic] * stepUs) / 8e6));
    }
  }

  /** NICs leave, return and change speed from one sweep to the next; what a NIC had not sent goes over another. The last phase stays. */
  #turnPhase(): void {
    const phase = this.#scenario.phases[this.#sweeps];
    if (phase === undefined || this.#sweeps === 0) return;
    const { nics } = this.parts;
    nics.speedBps.set(phase.speedsBps);
    nics.setAvailable(...phase.available);
    for (const nic of nics.pendingBytes.keys()) {
      if (phase.available.includes(nic) || nics.pendingBytes[nic] === 0) continue;
      const bytes = nics.pendingBytes[nic];
      nics.pendingBytes[nic] = 0;
      this.#send(bytes);
    }
  }

  #sweep(): string | undefined {
    const nowUs = this.parts.clock.nowUs();
    const swept: unknown = this.plugin.sweep?.(nowUs);
    if (swept !== undefined) return `its sweep returned ${String(swept)}`;
    const vmCount = this.#rings.length;
    const first = this.#lastVm + 1;
    for (let k = 0; k < vmCount; k++) {
      const vm = (first + k) % vmCount;
      if (this.#rings[vm].length === 0 || this.#retryAtUs[vm] > nowUs) continue;
      const what = this.#offer(vm, nowUs);
      if (what !== undefined) return what;
    }
    return undefined;
  }

  #offer(vm: number, nowUs: number): string | undefined {
    const ring = this.#rings[vm];
    if (!this.#reuse) this.#batch = new TransmitBatch();
    const batch = this.#batch;
    const offered = ring.slice(0, this.#scenario.batchFrames);
    fillBatch(batch, vm, offered, nowUs, ring.length);
    if (this.#scenario.headers) layOutHeaders(batch, offered, this.decisions.length, 0);
    const what = this.#look(batch, () => this.plugin.admit(batch), this.parts);
    if (what !== undefined) return what;

    const passed = Math.min(batch.queuedFrom, offered.length);
    let admitted = 0;
    for (let i = 0; i < passed; i++) {
      if (batch.verdict[i] === Verdict.Drop) continue;
      admitted++;
      this.#send(offered[i]);
    }
    if (admitted > 0) this.#lastVm = vm;
    this.decisions.push({ vm, nowUs, admitted, dropped: passed - admitted });
    ring.splice(0, passed);
    this.#retryAtUs[vm] = passed < offered.length ? batch.retryAtUs : 0;
    if (this.#reuse) poisonBatch(batch);
    return undefined;
  }

  #send(bytes: number): void {
    const { available, availableCount, pendingBytes } = this.parts.nics;
    let emptiest = available[0];
    for (let i = 1; i < availableCount; i++) {
      if (pendingBytes[available[i]] < pendingBytes[emptiest]) emptiest = available[i];
    }
    pendingBytes[emptiest] += bytes;
  }
}

export function tellDecision({ vm, nowUs, admitted, dropped }: Decision): string {
  return `admit ${admitted} and drop ${dropped} frames of vm${vm} at ${nowUs} us`;
}
