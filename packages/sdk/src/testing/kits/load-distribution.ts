import { MAX_BATCH, TransmitBatch } from '../../batch.ts';
import { MAX_NICS } from '../../nic-table.ts';
import type { LoadDistribution } from '../../points/load-distribution.ts';
import { fillBatch, watchBatch } from './batch-watch.ts';
import { type Law, law } from './law.ts';
import { type KitParts, kitParts, type MutableKitParts, watchTable } from './parts.ts';
import {
  drawSelect,
  type SelectBounds,
  type SelectScenario,
  simplerSelect,
  tellSelect,
  USUAL,
} from './select-scenario.ts';

export type MakeLoadDistribution = (parts: KitParts) => LoadDistribution;

/** Looks at one batch; `select` calls the plugin. */
type Look = (batch: TransmitBatch, select: () => unknown, parts: KitParts) => string | undefined;

/** One fresh instance on its way through a scenario; with `reuse` off every batch is a new object. */
class Run {
  /** NICs chosen so far, by batch. */
  readonly answers: number[][] = [];
  readonly #parts: MutableKitParts;
  readonly #plugin: LoadDistribution;
  readonly #scenario: SelectScenario;
  readonly #reuse: boolean;
  #batch = new TransmitBatch();

  constructor(make: MakeLoadDistribution, scenario: SelectScenario, reuse = true) {
    this.#scenario = scenario;
    this.#reuse = reuse;
    this.#parts = kitParts(scenario.speedsBps, scenario.vms);
    this.#parts.nics.setAvailable(...scenario.steps[0].available);
    this.#plugin = make(this.#parts);
  }

  step(index: number, look: Look): string | undefined {
    const { nics, clock } = this.#parts;
    const { available, bytes, pendingBytes, vm } = this.#scenario.steps[index];
    if (nics.available.subarray(0, nics.availableCount).join() !== available.join()) nics.setAvailable(...available);
    nics.pendingBytes.set(pendingBytes);
    if (!this.#reuse) this.#batch = new TransmitBatch();
    const batch = this.#batch;
    fillBatch(batch, vm, bytes, clock.advance(10), bytes.length);
    const what = look(batch, () => this.#plugin.select(batch), this.#parts);
    this.answers.push([...batch.nic.subarray(0, batch.count)]);
    return what === undefined ? undefined : `at batch ${index}, ${what}`;
  }
}

/** Takes instances through the scenario in step with each other, to the first fault. */
function play(scenario: SelectScenario, runs: readonly Run[], look: Look): string | undefined {
  for (const index of scenario.steps.keys()) {
    for (const run of runs) {
      const what = run.step(index, look);
      if (what !== undefined) return what;
    }
  }
  return undefined;
}

const justSelect: Look = (_batch, select) => void select();

function difference(a: Run, b: Run, who: string): string | undefined {
  const index = a.answers.findIndex((nics, i) => nics.join() !== b.answers[i].join());
  if (index < 0) return undefined;
  return `at batch ${index}, it chose NICs ${a.answers[index].join(' ')}, ${who} ${b.answers[index].join(' ')}`;
}

const answersAvailable: Look = (batch, select, { nics }) => {
  select();
  const available = nics.available.subarray(0, nics.availableCount);
  for (let i = 0; i < batch.count; i++) {
    if (available.includes(batch.nic[i])) continue;
    const answer = batch.nic[i] === -1 ? 'it chose no NIC' : `it chose NIC ${batch.nic[i]}, which is not available,`;
    return `${answer} for frame ${i}`;
  }
  return undefined;
};

/**
 * What every load distribution does, as laws for any test framework. `make` is called anew for every scenario; what
 * it makes gets nothing but `parts`.
 */
export function loadDistributionLaws(make: MakeLoadDistribution): readonly Law[] {
  const onEveryBatch = (name: string, look: Look, bounds: SelectBounds = { ...USUAL, changing: true }): Law =>
    onEveryScenario(name, (scenario) => play(scenario, [new Run(make, scenario)], look), bounds);

  return [
    onEveryBatch('names an available NIC for every frame', answersAvailable, USUAL),
    onEveryBatch('goes on over the NICs that are left when some leave and return', answersAvailable),
    onEveryBatch('serves 1 to 32 NICs and 1 to 256 frames of any length', answersAvailable, {
      nicCounts: [1, 2, 31, MAX_NICS],
      frameCounts: [1, 2, 255, MAX_BATCH],
      frameBytes: [0, 14, 60, 1518, 9018],
      changing: true,
    }),
    onEveryBatch('answers undefined, at once', (_batch, select) => {
      const answer = select();
      return answer === undefined ? undefined : `it returned ${String(answer)}`;
    }),
    onEveryBatch('writes nothing behind the last frame', (batch, select) => {
      select();
      const end = batch.nic.findIndex((nic, i) => i >= batch.count && nic !== -1);
      return end < 0 ? undefined : `it wrote batch.nic[${end}], but the batch has ${batch.count} frames`;
    }),
    onEveryBatch('writes nothing of the batch but the NIC', (batch, select) => {
      const written = watchBatch(batch, ['nic']);
      select();
      const part = written();
      return part === undefined ? undefined : `it wrote ${part}`;
    }),
    onEveryBatch('leaves the tables to their writers', (_batch, select, { nics, vms }) => {
      const nicsWritten = watchTable(nics);
      const vmsWritten = watchTable(vms);
      select();
      const nicColumn = nicsWritten();
      const vmColumn = vmsWritten();
      if (nicColumn !== undefined) return `it wrote nics.${nicColumn}`;
      return vmColumn === undefined ? undefined : `it wrote vms.${vmColumn}`;
    }),
    onEveryScenario('keeps nothing of the batch', (scenario) => {
      const [same, anew] = [new Run(make, scenario), new Run(make, scenario, false)];
      play(scenario, [same], justSelect);
      play(scenario, [anew], justSelect);
      return difference(same, anew, 'and with a new batch object each time');
    }),
    onEveryScenario('decides alike in two instances, which share nothing', (scenario) => {
      const alone = new Run(make, scenario);
      play(scenario, [alone], justSelect);
      const [one, other] = [new Run(make, scenario), new Run(make, scenario)];
      play(scenario, [one, other], justSelect);
      return difference(alone, one, 'beside a second instance') ?? difference(alone, other, 'as a second instance');
    }),
  ];
}

function onEveryScenario(
  name: string,
  fault: (scenario: SelectScenario) => string | undefined,
  bounds: SelectBounds = { ...USUAL, changing: true },
): Law {
  return law({ name, draw: (random) => drawSelect(random, bounds), fault, simpler: simplerSelect, tell: tellSelect });
}
