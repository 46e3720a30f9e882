import { TransmitBatch } from '../../batch.ts';
import type { AdmissionPolicy } from '../../points/admission-policy.ts';
import { Verdict } from '../../verdict.ts';
import { type AdmissionScenario, HOUR_US } from './admission-scenario.ts';
import { fillBatch } from './batch-watch.ts';
import { type KitParts, kitParts, type MutableKitParts } from './parts.ts';

/** Makes the policy under test from what a kit gives it. Called again for each instance and each scenario. */
export type MakeAdmission = (parts: KitParts) => AdmissionPolicy;

/** Frames a batch may have here: small, so that a ring takes several. */
const BATCH_FRAMES = 16;

/** Sweeps that the clock may stand still for, when a scenario has it stand. */
const SWEEPS_OF_ONE_INSTANT = 8;

/** What the policy said of one batch. */
export interface Decision {
  readonly vm: number;
  readonly nowUs: number;
  readonly admitted: number;
  readonly dropped: number;
}

/** Looks at one batch; `admit` calls the policy. */
export type LookAtAdmission = (batch: TransmitBatch, admit: () => unknown, parts: KitParts) => string | undefined;

/**
 * The transmit path as far as an admission policy sees it: sweeps over the VMs' rings in turn, parks those that are to
 * be asked later, fills the emptiest NIC and lets the NICs drain at their speed.
 */
export class SmallHost {
  readonly parts: MutableKitParts;
  readonly policy: AdmissionPolicy;
  readonly decisions: Decision[] = [];
  /** Time gone by, leaps of an hour and more left out. */
  waitedUs = 0;
  readonly #rings: number[][];
  readonly #retryAtUs: number[];
  readonly #scenario: AdmissionScenario;
  readonly #reuse: boolean;
  #batch = new TransmitBatch();
  #sweeps = 0;
  #lastVm = -1;

  constructor(make: MakeAdmission, scenario: AdmissionScenario, reuse = true) {
    this.parts = kitParts(scenario.speedsBps, scenario.vms);
    this.policy = make(this.parts);
    this.#rings = scenario.rings.map((ring) => [...ring]);
    this.#retryAtUs = scenario.rings.map(() => 0);
    this.#scenario = scenario;
    this.#reuse = reuse;
  }

  get waitingFrames(): number {
    return this.#rings.reduce((sum, ring) => sum + ring.length, 0);
  }

  /** Sweeps until every ring is empty, `look` finds a fault, or `patienceUs` is over. */
  run(patienceUs: number, look?: LookAtAdmission): string | undefined {
    while (this.goesOn(patienceUs)) {
      const what = this.step(look);
      if (what !== undefined) return what;
    }
    return undefined;
  }

  goesOn(patienceUs: number): boolean {
    return this.waitingFrames > 0 && this.waitedUs <= patienceUs;
  }

  /** One sweep over the VMs. */
  step(look?: LookAtAdmission): string | undefined {
    this.#passTime();
    const what = this.#sweep(look);
    return what === undefined ? undefined : `at ${this.parts.clock.nowUs()} us, ${what}`;
  }

  #passTime(): void {
    const { sweepsUs, speedsBps } = this.#scenario;
    const nowUs = this.parts.clock.nowUs();
    let stepUs = sweepsUs[this.#sweeps++ % sweepsUs.length];
    // A clock may stand still for a while; one that stood for ever would let nothing drain.
    if (this.#sweeps % SWEEPS_OF_ONE_INSTANT === 0) stepUs = Math.max(stepUs, 100);
    const parkedUntilUs = Math.min(...this.#retryAtUs.filter((_, vm) => this.#rings[vm].length > 0));
    stepUs = Math.max(stepUs, parkedUntilUs - nowUs);
    // A leap of the clock is no time to be served in; but to ask for one is to make a VM wait.
    if (stepUs < HOUR_US || parkedUntilUs - nowUs >= HOUR_US) this.waitedUs += stepUs;
    this.parts.clock.advance(stepUs);
    const { pendingBytes } = this.parts.nics;
    for (const [nic, speedBps] of speedsBps.entries()) {
      pendingBytes[nic] = Math.max(0, pendingBytes[nic] - Math.floor((speedBps * stepUs) / 8e6));
    }
  }

  #sweep(look: LookAtAdmission | undefined): string | undefined {
    const nowUs = this.parts.clock.nowUs();
    const swept: unknown = this.policy.sweep?.(nowUs);
    if (swept !== undefined) return `its sweep returned ${String(swept)}`;
    const vmCount = this.#rings.length;
    const first = this.#lastVm + 1;
    for (let k = 0; k < vmCount; k++) {
      const vm = (first + k) % vmCount;
      if (this.#rings[vm].length === 0 || this.#retryAtUs[vm] > nowUs) continue;
      const what = this.#offer(vm, nowUs, look);
      if (what !== undefined) return what;
    }
    return undefined;
  }

  #offer(vm: number, nowUs: number, look: LookAtAdmission | undefined): string | undefined {
    const ring = this.#rings[vm];
    if (!this.#reuse) this.#batch = new TransmitBatch();
    const batch = this.#batch;
    fillBatch(batch, vm, ring.slice(0, BATCH_FRAMES), nowUs, ring.length);
    const admit = (): unknown => this.policy.admit(batch);
    const what = look === undefined ? void admit() : look(batch, admit, this.parts);
    if (what !== undefined) return what;

    let admitted = 0;
    for (let i = 0; i < batch.queuedFrom; i++) {
      if (batch.verdict[i] === Verdict.Drop) continue;
      admitted++;
      this.#send(batch.bytes[i]);
    }
    if (admitted > 0) this.#lastVm = vm;
    this.decisions.push({ vm, nowUs, admitted, dropped: batch.queuedFrom - admitted });
    ring.splice(0, batch.queuedFrom);
    this.#retryAtUs[vm] = batch.queuedFrom < batch.count ? batch.retryAtUs : 0;
    return undefined;
  }

  #send(bytes: number): void {
    const { pendingBytes } = this.parts.nics;
    pendingBytes[pendingBytes.indexOf(Math.min(...pendingBytes))] += bytes;
  }
}
