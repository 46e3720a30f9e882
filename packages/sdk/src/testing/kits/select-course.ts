import { TransmitBatch } from '../../batch.ts';
import type { LoadDistribution } from '../../points/load-distribution.ts';
import { layOutHeaders } from './batch-frames.ts';
import { fillBatch, poisonBatch } from './batch-watch.ts';
import type { Make } from './candidate.ts';
import type { Course, Treatment } from './course.ts';
import { type KitParts, kitParts, type MutableKitParts } from './parts.ts';
import type { SelectScenario } from './select-scenario.ts';

/** Looks at one batch; `select` calls the plugin. */
export type LookAtSelect = (batch: TransmitBatch, select: () => unknown, parts: KitParts) => string | undefined;

/** Finds a frame without an available NIC. */
export const answersAvailable: LookAtSelect = (batch, select, { nics }) => {
  const { count } = batch;
  select();
  const available = nics.available.subarray(0, nics.availableCount);
  for (let i = 0; i < count; i++) {
    if (available.includes(batch.nic[i])) continue;
    const answer = batch.nic[i] === -1 ? 'it chose no NIC' : `it chose NIC ${batch.nic[i]}, which is not available,`;
    return `${answer} for frame ${i}`;
  }
  return undefined;
};

/** A load distribution on its way through a scenario, batch by batch. */
export class SelectCourse implements Course<LoadDistribution> {
  plugin: LoadDistribution;
  readonly parts: MutableKitParts;
  readonly answers: string[] = [];
  readonly #scenario: SelectScenario;
  readonly #reuse: boolean;
  readonly #look: LookAtSelect;
  #batch = new TransmitBatch();
  #index = 0;

  constructor(make: Make<LoadDistribution>, scenario: SelectScenario, { reuse }: Treatment, look = answersAvailable) {
    const { available, speedsBps } = scenario.steps[0];
    this.#scenario = scenario;
    this.#reuse = reuse;
    this.#look = look;
    this.parts = kitParts(speedsBps, scenario.vms);
    this.parts.nics.setAvailable(...available);
    this.plugin = make(this.parts);
  }

  goesOn(): boolean {
    return this.#index < this.#scenario.steps.length;
  }

  step(): string | undefined {
    const { nics, clock } = this.parts;
    const index = this.#index++;
    const { afterUs, available, bytes, pendingBytes, speedsBps, vm } = this.#scenario.steps[index];
    if (nics.available.subarray(0, nics.availableCount).join() !== available.join()) nics.setAvailable(...available);
    nics.speedBps.set(speedsBps);
    nics.pendingBytes.set(pendingBytes);
    if (!this.#reuse) this.#batch = new TransmitBatch();
    const batch = this.#batch;
    fillBatch(batch, vm, bytes, clock.advance(afterUs), bytes.length);
    const { between } = this.#scenario;
    if (between !== undefined) layOutHeaders(batch, bytes, index, between);
    const what = this.#look(batch, () => this.plugin.select(batch), this.parts);
    this.answers.push(`choose NICs ${batch.nic.subarray(0, bytes.length).join(' ')} for batch ${index}`);
    if (this.#reuse) poisonBatch(batch);
    return what === undefined ? undefined : `at batch ${index}, ${what}`;
  }

  finish(): undefined {
    return undefined;
  }
}
