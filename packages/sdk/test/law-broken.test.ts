import { describe, expect, it } from 'vitest';
import {
  type AdmissionPolicy,
  definePlugin,
  type LoadDistribution,
  Options,
  type TransmitBatch,
  Type,
} from '../src/index.ts';
import {
  admissionLaws,
  conformanceLaws,
  type KitParts,
  type Law,
  loadDistributionLaws,
  type MakeAdmission,
  type MakeLoadDistribution,
} from '../src/testing/index.ts';

type OnBatch = (batch: TransmitBatch) => unknown;

function admitting(make: (parts: KitParts) => OnBatch): MakeAdmission {
  return (parts) => ({ admit: make(parts) }) as AdmissionPolicy;
}

function selecting(make: (parts: KitParts) => OnBatch): MakeLoadDistribution {
  return (parts) => ({ select: make(parts) }) as LoadDistribution;
}

function lawOf(laws: readonly Law[], name: string): Law {
  const law = laws.find((candidate) => candidate.name === name);
  if (law === undefined) throw new Error(`there is no law "${name}"`);
  return law;
}

describe('a broken law tells the smallest scenario, and how to come back to it', () => {
  it('of an admission policy', () => {
    const policy = admitting(() => (batch) => {
      if (batch.count > 2 && batch.bytes[2] > 1500) batch.queueFrom(2, batch.nowUs);
    });
    const law = lawOf(admissionLaws(policy), 'wants to be asked again later, or at the next sweep');
    expect(() => law.check(3)).toThrowErrorMatchingInlineSnapshot(`
      [LawBroken: "wants to be asked again later, or at the next sweep" does not hold (seed 3): at 50 us, it queued frame 2 with retryAtUs 50
        NICs nic0 10 Gbit/s
        vm0 limit 1 Gbit/s, burst 3028 bytes; frames of 1514 ×3 bytes
        sweeps every 50 us, batches of up to 16 frames]
    `);
  });

  it('of a load distribution', () => {
    const policy = selecting(() => (batch) => void batch.nic.fill(0, 0, batch.count));
    const law = lawOf(loadDistributionLaws(policy), 'goes on over the NICs that are left when some leave and return');
    expect(() =>
      lawOf(loadDistributionLaws(policy), 'names an available NIC for every frame').check(7),
    ).toThrowErrorMatchingInlineSnapshot(`
      [LawBroken: "names an available NIC for every frame" does not hold (seed 7): at batch 0, it chose NIC 0, which is not available, for frame 0
        2 NICs, 1 VMs
        batch 0: of vm0; frames of 64 bytes; available NICs 1; speeds 1 Gbit/s, 1 Gbit/s]
    `);
    expect(law.check).not.toThrow(); // it builds on the one before, which says it all
  });

  it('of a plugin that throws', () => {
    const policy = selecting(({ nics }) => (batch) => {
      if (batch.count > 2) throw new RangeError('three is a crowd');
      batch.nic.fill(nics.available[0], 0, batch.count);
    });
    expect(() => loadDistributionLaws(policy)[0].check()).toThrowErrorMatchingInlineSnapshot(`
      [LawBroken: "names an available NIC for every frame" does not hold (seed 1): it threw RangeError: three is a crowd
        1 NICs, 1 VMs
        batch 0: of vm0; frames of 64 ×3 bytes; available NICs 0; speeds 1 Gbit/s]
    `);
  });

  it('with the options, as far as they matter', () => {
    class Heavy implements AdmissionPolicy {
      static readonly inject = [Options];
      constructor(readonly options: { heavyBytes: number; mode: string }) {}
      admit(batch: TransmitBatch): undefined {
        if (this.options.mode === 'queue' && batch.bytes[0] >= this.options.heavyBytes) batch.queueFrom(0, 0);
      }
    }
    const plugin = definePlugin({
      kind: 'admission',
      name: 'heavy',
      apiVersion: 1,
      options: Type.Object({
        heavyBytes: Type.Integer({ default: 10_000, minimum: 60, maximum: 65_536 }),
        mode: Type.Union([Type.Literal('drop'), Type.Literal('queue')], { default: 'queue' }),
        note: Type.Optional(Type.String()),
      }),
      implementation: Heavy,
    });
    const given = { options: [{ note: 'as it is' }] };
    expect(() =>
      lawOf(conformanceLaws(plugin, given), 'admits every frame of VMs without a limit').check(),
    ).toThrowErrorMatchingInlineSnapshot(`
      [LawBroken: "admits every frame of VMs without a limit" does not hold (seed 1): 1 frames still wait after 101100 us
        options {"heavyBytes":60}
        NICs nic0 1 Gbit/s
        vm0 no limit; frames of 590 bytes
        sweeps every 100 us, batches of up to 16 frames]
    `);
  });
});

describe('a law finds', () => {
  it('a policy that writes a length', () => {
    const policy = admitting(() => (batch) => void (batch.bytes[0] = 0));
    const law = lawOf(admissionLaws(policy), 'speaks through queueFrom and drop alone');
    expect(() => law.check()).toThrow('it wrote batch.bytes[0]');
  });

  it('a sweep that is async', () => {
    const policy: MakeAdmission = () => ({ admit: () => undefined, sweep: (async () => undefined) as never });
    const law = lawOf(admissionLaws(policy), 'answers undefined, at once');
    expect(() => law.check()).toThrow('its sweep returned [object Promise]');
  });

  it('a policy that reads the batch behind its back, in a sweep', () => {
    const policy: MakeAdmission = () => {
      let kept: TransmitBatch | undefined;
      let wait = false;
      return {
        sweep: () => void (wait = kept?.vm === -1 && !wait),
        admit(batch) {
          kept = batch;
          if (wait) batch.queueFrom(0, 0);
        },
      };
    };
    expect(() => lawOf(admissionLaws(policy), 'keeps nothing of the batch').check()).toThrow(
      'with a new batch each time',
    );
  });
});

it('a policy with limits of its own is not held to the time in which frames go', () => {
  const plugin = definePlugin({
    kind: 'admission',
    name: 'closed',
    apiVersion: 1,
    options: Type.Object({}),
    implementation: class {
      admit(batch: TransmitBatch): undefined {
        batch.queueFrom(0, 0);
      }
    },
  });
  const broken = (given: object) =>
    conformanceLaws(plugin, given).filter(({ check }) => {
      try {
        check();
        return false;
      } catch {
        return true;
      }
    });
  expect(broken({}).map(({ name }) => name)).toEqual([
    'admits every frame of VMs without a limit',
    'decides on every frame within four times what the limits take',
  ]);
  expect(broken({ ownLimit: true })).toEqual([]);
});
