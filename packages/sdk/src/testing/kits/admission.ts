import { TransmitBatch } from '../../batch.ts';
import { DROP_REASON_COUNT, Verdict } from '../../verdict.ts';
import {
  type AdmissionBounds,
  type AdmissionScenario,
  drawAdmission,
  HOUR_US,
  LIMITED,
  simplerAdmission,
  tellAdmission,
} from './admission-scenario.ts';
import { fillBatch, watchBatch } from './batch-watch.ts';
import { type Law, law } from './law.ts';
import { kitParts, watchTable } from './parts.ts';
import { type Decision, type LookAtAdmission, type MakeAdmission, SmallHost } from './small-host.ts';

const UNLIMITED: AdmissionBounds = { ...LIMITED, limitsBps: [Number.POSITIVE_INFINITY] };
const LEAPING: AdmissionBounds = { ...LIMITED, sweepsUs: [0, 0, 100, HOUR_US, 5 * HOUR_US] };

/** Four times what the limits and the NICs need for everything, and a tenth of a second. */
function patienceUs({ rings, speedsBps, vms }: AdmissionScenario): number {
  let bits = 0;
  let slowestUs = 0;
  for (const [vm, ring] of rings.entries()) {
    const vmBits = ring.reduce((sum, bytes) => sum + bytes * 8, 0);
    bits += vmBits;
    slowestUs = Math.max(slowestUs, (vmBits * 1e6) / vms[vm].limitBps);
  }
  return 1e5 + 4 * (slowestUs + (bits * 1e6) / Math.min(...speedsBps));
}

function serves(make: MakeAdmission, scenario: AdmissionScenario): SmallHost | string {
  const host = new SmallHost(make, scenario);
  const patience = patienceUs(scenario);
  host.run(patience);
  if (host.waitingFrames === 0) return host;
  return `${host.waitingFrames} frames still wait after ${Math.round(host.waitedUs)} us`;
}

function decisions(make: MakeAdmission, scenario: AdmissionScenario, reuse = true): Decision[] {
  const host = new SmallHost(make, scenario, reuse);
  host.run(patienceUs(scenario));
  return host.decisions;
}

function difference(a: readonly Decision[], b: readonly Decision[], who: string): string | undefined {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [one, other] = [tellDecision(a[i]), tellDecision(b[i])];
    if (one !== other) return `decision ${i} was to ${one}, ${who} to ${other}`;
  }
  return undefined;
}

function tellDecision(decision: Decision | undefined): string {
  if (decision === undefined) return 'end';
  return `admit ${decision.admitted} and drop ${decision.dropped} frames of vm${decision.vm} at ${decision.nowUs} us`;
}

/** Times an instance is asked again, at one instant, about what it has just queued. */
const NAGS = 5;
const ASKED_AT_US = [0, 100, 200, 500, 1000, 5000, 20_000];

/** Frames decided upon by the end of each instant when the policy is asked `times` over at each. */
function decidedWhenAsked(make: MakeAdmission, scenario: AdmissionScenario, times: number): number[] {
  const parts = kitParts(scenario.speedsBps, scenario.vms);
  const policy = make(parts);
  const batch = new TransmitBatch();
  const ring = [...scenario.rings[0]];
  return ASKED_AT_US.map((nowUs) => {
    parts.clock.advance(nowUs - parts.clock.nowUs());
    for (let ask = 0; ask < times && ring.length > 0; ask++) {
      policy.sweep?.(nowUs);
      fillBatch(batch, 0, ring, nowUs, ring.length);
      policy.admit(batch);
      ring.splice(0, batch.queuedFrom);
    }
    return scenario.rings[0].length - ring.length;
  });
}

/**
 * What every admission policy does, as laws for any test framework. `make` is called anew for every scenario; what it
 * makes gets nothing but `parts`. A policy that has a limit of its own, apart from the VMs', must be made without.
 */
export function admissionLaws(make: MakeAdmission): readonly Law[] {
  const onEveryScenario = (
    name: string,
    fault: (scenario: AdmissionScenario) => string | undefined,
    bounds: AdmissionBounds = LIMITED,
  ): Law =>
    law({
      name,
      draw: (random) => drawAdmission(random, bounds),
      fault,
      simpler: simplerAdmission,
      tell: tellAdmission,
    });

  const onEveryBatch = (name: string, look: LookAtAdmission): Law =>
    onEveryScenario(name, (scenario) => new SmallHost(make, scenario).run(patienceUs(scenario), look));

  return [
    onEveryScenario(
      'admits every frame of VMs without a limit',
      (scenario) => {
        const host = serves(make, scenario);
        if (typeof host === 'string') return host;
        const drop = host.decisions.find((decision) => decision.dropped > 0);
        return drop === undefined ? undefined : `it chose to ${tellDecision(drop)}`;
      },
      UNLIMITED,
    ),
    onEveryScenario('decides on every frame within four times what the limits take', (scenario) => {
      const host = serves(make, scenario);
      return typeof host === 'string' ? host : undefined;
    }),
    onEveryScenario(
      'takes a clock that stands still or leaps by hours',
      (scenario) => {
        const host = serves(make, scenario);
        return typeof host === 'string' ? host : undefined;
      },
      LEAPING,
    ),
    onEveryBatch('answers undefined, at once', (_batch, admit) => {
      const answer = admit();
      return answer === undefined ? undefined : `it returned ${String(answer)}`;
    }),
    onEveryBatch('speaks through queueFrom and drop alone', (batch, admit) => {
      const written = watchBatch(batch, ['verdict', 'reason', 'queuedFrom', 'retryAtUs', 'drops']);
      admit();
      const part = written();
      return wrongVerdict(batch) ?? (part === undefined ? undefined : `it wrote ${part}`);
    }),
    onEveryBatch('wants to be asked again later, or at the next sweep', (batch, admit) => {
      admit();
      if (batch.queuedFrom === batch.count || batch.retryAtUs === 0) return undefined;
      if (batch.retryAtUs > batch.nowUs && batch.retryAtUs < Number.POSITIVE_INFINITY) return undefined;
      return `it queued frame ${batch.queuedFrom} with retryAtUs ${batch.retryAtUs}`;
    }),
    onEveryBatch('leaves the tables to their writers', (_batch, admit, { nics, vms }) => {
      const nicsWritten = watchTable(nics);
      const vmsWritten = watchTable(vms);
      admit();
      const nicColumn = nicsWritten();
      const vmColumn = vmsWritten();
      if (nicColumn !== undefined) return `it wrote nics.${nicColumn}`;
      return vmColumn === undefined ? undefined : `it wrote vms.${vmColumn}`;
    }),
    onEveryScenario(
      'charges nothing for a frame that waits',
      (scenario) => {
        const once = decidedWhenAsked(make, scenario, 1);
        const often = decidedWhenAsked(make, scenario, 1 + NAGS);
        const i = once.findIndex((frames, k) => frames > often[k]);
        if (i < 0) return undefined;
        return `by ${ASKED_AT_US[i]} us it had let ${once[i]} frames go when asked once, ${often[i]} when asked again and again`;
      },
      { ...LIMITED, vmCount: [1, 1] },
    ),
    onEveryScenario('keeps nothing of the batch', (scenario) =>
      difference(decisions(make, scenario), decisions(make, scenario, false), 'and with a new batch object each time'),
    ),
    onEveryScenario('decides alike in two instances, which share nothing', (scenario) => {
      const alone = decisions(make, scenario);
      const [one, other] = [new SmallHost(make, scenario), new SmallHost(make, scenario)];
      const patience = patienceUs(scenario);
      while (one.goesOn(patience) || other.goesOn(patience)) {
        for (const host of [one, other]) if (host.goesOn(patience)) host.step();
      }
      return (
        difference(alone, one.decisions, 'beside a second instance') ??
        difference(alone, other.decisions, 'as a second instance')
      );
    }),
  ];
}

function wrongVerdict(batch: TransmitBatch): string | undefined {
  let drops = 0;
  for (let i = 0; i < batch.verdict.length; i++) {
    const verdict = batch.verdict[i];
    if (verdict === Verdict.Admit) continue;
    if (verdict !== Verdict.Drop || i >= batch.count) return `it wrote batch.verdict[${i}] = ${verdict}`;
    if (batch.reason[i] >= DROP_REASON_COUNT)
      return `it dropped frame ${i} for reason ${batch.reason[i]}, which there is not`;
    drops++;
  }
  if (drops !== batch.drops) return `it dropped ${drops} frames, but batch.drops says ${batch.drops}`;
  const whole = Number.isInteger(batch.queuedFrom) && batch.queuedFrom >= 0 && batch.queuedFrom <= batch.count;
  return whole ? undefined : `it left batch.queuedFrom at ${batch.queuedFrom} of ${batch.count} frames`;
}
