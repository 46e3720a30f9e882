import { describe, expect, it } from 'vitest';
import { type AdmissionPolicy, DropReason, type TransmitBatch, Verdict } from '../src/index.ts';
import { admissionLaws, type KitParts, type Law, LawBroken, type MakeAdmission } from '../src/testing/index.ts';

type Admit = (batch: TransmitBatch) => unknown;

function admitting(make: (parts: KitParts) => Admit): MakeAdmission {
  return (parts) => ({ admit: make(parts) }) as AdmissionPolicy;
}

/** Where the plain token bucket below may be made wrong. */
interface Mistakes {
  elapsedUs?: (nowUs: number, thenUs: number) => number;
  retryAtUs?: (batch: TransmitBatch, waitUs: number) => number;
  chargeWaiting?: boolean;
  refillPart?: number;
}

/** A token bucket per VM; without mistakes it keeps every law. */
function bucket(mistakes: Mistakes = {}): MakeAdmission {
  const elapsedUs = mistakes.elapsedUs ?? ((nowUs, thenUs) => Math.max(0, nowUs - thenUs));
  const retryAtUs = mistakes.retryAtUs ?? ((batch, waitUs) => batch.nowUs + waitUs);
  return admitting(({ vms }) => {
    const tokens = Float64Array.from(vms.burstBytes);
    const thenUs = new Float64Array(vms.count);
    return (batch) => {
      const { vm, nowUs } = batch;
      if (vms.limitBps[vm] === Number.POSITIVE_INFINITY) return;
      const bytesPerUs = (vms.limitBps[vm] / 8e6) * (mistakes.refillPart ?? 1);
      tokens[vm] = Math.min(vms.burstBytes[vm], tokens[vm] + elapsedUs(nowUs, thenUs[vm]) * bytesPerUs);
      thenUs[vm] = nowUs;
      for (let i = 0; i < batch.count; i++) {
        if (batch.bytes[i] > tokens[vm]) {
          const waitUs = Math.ceil((batch.bytes[i] - tokens[vm]) / bytesPerUs) + 1;
          if (mistakes.chargeWaiting) tokens[vm] -= 0.1 * batch.bytes[i];
          batch.queueFrom(i, retryAtUs(batch, waitUs));
          return;
        }
        tokens[vm] -= batch.bytes[i];
      }
    };
  });
}

/** Seen by all instances, as a module's variable is. */
let shared = 0;

/** For each law a plugin with the mistake that the law is there to find. */
const BROKEN: Record<string, MakeAdmission> = {
  'admits every frame of VMs without a limit': admitting(() => (batch) => {
    if (batch.backlog > 40) batch.drop(0, DropReason.Policed);
  }),
  'decides on every frame within four times what the limits take': bucket({ refillPart: 0.05 }),
  // Microseconds in 32 bits: negative after 35 minutes.
  'takes a clock that stands still or leaps by hours': bucket({ elapsedUs: (nowUs, thenUs) => (nowUs - thenUs) | 0 }),
  'answers undefined, at once': admitting(() => async () => undefined),
  'speaks through queueFrom and drop alone': admitting(() => (batch) => {
    if (batch.count > 3) batch.verdict[3] = Verdict.Queue;
  }),
  'wants to be asked again later, or at the next sweep': bucket({ retryAtUs: (batch) => batch.nowUs }),
  'leaves the tables to their writers': admitting(({ vms }) => (batch) => {
    vms.transmittedBytes[batch.vm] += batch.bytes[0];
  }),
  'charges nothing for a frame that waits': bucket({ chargeWaiting: true }),
  'keeps nothing of the batch': admitting(() => {
    let kept: TransmitBatch | undefined;
    return (batch) => {
      kept ??= batch;
      if (kept.backlog % 3 === 0 && batch.count > 1) batch.queueFrom(1, 0);
    };
  }),
  'decides alike in two instances, which share nothing': admitting(() => (batch) => {
    if (shared++ % 2 === 0) batch.queueFrom(0, 0);
  }),
};

function lawOf(make: MakeAdmission, name: string): Law {
  const law = admissionLaws(make).find((candidate) => candidate.name === name);
  if (law === undefined) throw new Error(`there is no law "${name}"`);
  return law;
}

describe('the laws of admission', () => {
  it.each(admissionLaws(bucket()))('hold for a right plugin: it $name', ({ check }) => {
    for (const seed of [1, 2, 3]) expect(() => check(seed)).not.toThrow();
  });

  it('each have a plugin here that breaks them', () => {
    expect(Object.keys(BROKEN).sort()).toEqual(
      admissionLaws(bucket())
        .map((law) => law.name)
        .sort(),
    );
  });

  it.each(Object.entries(BROKEN))('find the plugin that does not: %s', (name, make) => {
    const law = lawOf(make, name);
    for (const seed of [1, 2]) expect(() => law.check(seed)).toThrow(LawBroken);
  });

  it('tell the smallest scenario, and how to come back to it', () => {
    const name = 'wants to be asked again later, or at the next sweep';
    const law = lawOf(BROKEN[name], name);
    expect(() => law.check(3)).toThrowErrorMatchingInlineSnapshot(`
      [LawBroken: "wants to be asked again later, or at the next sweep" does not hold (seed 3): at 100 us, it queued frame 2 with retryAtUs 100
        NICs nic0 10 Gbit/s
        vm0 limit 1 Gbit/s, burst 3028 bytes; frames of 1514 ×3 bytes
        sweeps every 100 us]
    `);
  });

  it('find a plugin that writes a length', () => {
    const policy = admitting(() => (batch) => void (batch.bytes[0] = 0));
    const law = lawOf(policy, 'speaks through queueFrom and drop alone');
    expect(() => law.check()).toThrow('it wrote batch.bytes[0]');
  });

  it('find a sweep that is async', () => {
    const policy: MakeAdmission = () => ({ admit: () => undefined, sweep: (async () => undefined) as never });
    const law = lawOf(policy, 'answers undefined, at once');
    expect(() => law.check()).toThrow('its sweep returned [object Promise]');
  });
});
