import type { Static } from '@sinclair/typebox';
import { FairleadError } from '../errors.ts';
import type { OptionsSchema, Written } from '../options.ts';
import type { PluginDefinition } from '../plugin.ts';
import type { ExtensionPoints } from '../points/map.ts';
import { createInstance } from './instance.ts';
import type { PolicyCase, PolicyKind } from './policy-case.ts';
import { type Answer, answersTo, caseError, nicNumber, type Trial, trialOf } from './policy-trial.ts';
import { readOptions } from './read-options.ts';

/**
 * One test of a table, for any test framework.
 *
 * @example
 * ```ts
 * import { test } from 'node:test';
 * import type { PolicyTest } from '@fairlead/sdk/testing';
 *
 * function runAll(tests: readonly PolicyTest[]): void {
 *   for (const { name, check } of tests) test(name, check);
 * }
 * ```
 */
export interface PolicyTest {
  /** The name of the case. */
  readonly name: string;
  /**
   * Puts the case to the policy; throws when it answers something else.
   *
   * @throws PolicyCaseFailed when the policy answers something else than the case expects.
   */
  readonly check: () => void;
}

/**
 * A policy did not answer what a case expects. A test framework shows `actual` and `expected` side by side.
 *
 * @example
 * ```ts
 * import { PolicyCaseFailed } from '@fairlead/sdk/testing';
 *
 * function actualOf(check: () => void): unknown {
 *   try {
 *     check();
 *     return undefined;
 *   } catch (error) {
 *     if (error instanceof PolicyCaseFailed) return error.actual;
 *     throw error;
 *   }
 * }
 * ```
 */
export class PolicyCaseFailed extends Error {
  override readonly name = 'PolicyCaseFailed';

  constructor(
    message: string,
    readonly actual: unknown,
    readonly expected: unknown,
  ) {
    super(message);
  }
}

/** The policies that decide nothing. */
const DECIDES_NOTHING: { readonly [K in PolicyKind]: (trial: Trial) => ExtensionPoints[K] } = {
  admission: () => ({ admit: () => undefined }),
  'load-distribution': ({ nics }) => ({
    select: (batch) => void batch.nic.fill(nics.available[0], 0, batch.count),
  }),
};

/**
 * Puts a table of cases to a policy: frames in, verdicts or NICs out. A table has to say something, so `run` refuses
 *
 * - a case without frames, or that expects nothing, or something else than one answer for each frame;
 * - two cases of one name, or with the same inputs (options as they are read, NICs, VMs and frames);
 * - a case of a load distribution with never more than one NIC available: any one that keeps the laws answers the same;
 * - a table whose every case is met by the policy that decides nothing: it admits every frame, and takes the first NIC
 *   that is available. Single cases may be.
 *
 * @example
 * ```ts
 * import { test } from 'node:test';
 * import { definePlugin, Nics, type NicTable, type TransmitBatch, Type } from '@fairlead/sdk';
 * import { PolicyTester } from '@fairlead/sdk/testing';
 *
 * class Last {
 *   static inject = [Nics];
 *   constructor(private readonly nics: NicTable) {}
 *   select(batch: TransmitBatch): undefined {
 *     batch.nic.fill(this.nics.available[this.nics.availableCount - 1], 0, batch.count);
 *   }
 * }
 * const last = definePlugin({
 *   kind: 'load-distribution',
 *   name: 'last',
 *   apiVersion: 1,
 *   options: Type.Object({}, { additionalProperties: false }),
 *   implementation: Last,
 * });
 *
 * const tests = new PolicyTester(last).run('last', {
 *   cases: [
 *     { name: 'takes the last NIC', nics: ['1Gbps', '10Gbps'], frames: [64, 1514], expect: { nics: ['nic1', 'nic1'] } },
 *     {
 *       name: 'takes the last that is there',
 *       nics: [{}, {}, { available: false }],
 *       frames: [64],
 *       expect: { nics: ['nic1'] },
 *     },
 *   ],
 * });
 * for (const { name, check } of tests) test(name, check);
 * ```
 */
export class PolicyTester<K extends PolicyKind, S extends OptionsSchema> {
  readonly #plugin: PluginDefinition<K, S>;

  constructor(plugin: PluginDefinition<K, S>) {
    this.#plugin = plugin;
  }

  /**
   * A test for each case, whose name begins with `name`.
   * @throws FairleadError `FAIRLEAD_ERR_TEST_CASE` for a table or a case that is refused, `FAIRLEAD_ERR_PLUGIN_OPTIONS`
   * or `FAIRLEAD_ERR_UNIT` for values that cannot be read.
   */
  run(name: string, table: { readonly cases: readonly PolicyCase<K, Written<Static<S>>>[] }): readonly PolicyTest[] {
    const { cases } = table;
    for (const tested of cases) this.#refuseEmpty(tested);
    this.#refuseRepeated(cases);
    const decidesNothing = DECIDES_NOTHING[this.#plugin.kind];
    if (cases.every((tested) => this.#fault(tested, decidesNothing) === undefined)) {
      throw new FairleadError('FAIRLEAD_ERR_TEST_CASE', 'a policy that decides nothing meets every case', {
        where: `table "${name}"`,
        mend: 'add a case that only this policy meets: not every frame admitted, or not over the first NIC',
      });
    }
    return cases.map((tested) => ({
      name: `${name}: ${tested.name}`,
      check: () => {
        const fault = this.#fault(tested, (trial) => createInstance(this.#plugin, tested.options ?? {}, trial));
        if (fault !== undefined) throw fault;
      },
    }));
  }

  #refuseEmpty(tested: PolicyCase<K, unknown>): void {
    const { name } = tested;
    const trial = trialOf(tested);
    const frameCount = trial.batches.reduce((sum, { bytes }) => sum + bytes.length, 0);
    if (frameCount === 0) throw caseError(name, 'it has no frames', 'give the length of at least one frame');
    const expected = Object.entries(expectationOf(tested, trial));
    if (expected.length === 0) throw caseError(name, 'it expects nothing', 'say what the policy is to answer');
    for (const [what, answers] of expected) {
      const count = what === 'retryAtUs' ? trial.batches.length : frameCount;
      const each = what === 'retryAtUs' ? 'batch' : 'frame';
      if (answers.length !== count) {
        throw caseError(name, `it expects ${answers.length} ${what} for ${count}`, `give one for each ${each}`);
      }
    }
    if (this.#plugin.kind === 'load-distribution' && trial.available.every((nics) => nics.length < 2)) {
      const mend = 'make two NICs available, or leave it to the laws';
      throw caseError(name, 'any policy meets it, for there is never more than one NIC', mend);
    }
  }

  #refuseRepeated(cases: readonly PolicyCase<K, unknown>[]): void {
    const byName = new Map<string, string>();
    const byInputs = new Map<string, string>();
    for (const tested of cases) {
      const { name, options = {} } = tested;
      if (byName.has(name)) throw caseError(name, 'another case has this name', 'rename one of them');
      byName.set(name, name);
      const { nics, vms, batches, available } = trialOf(tested);
      const read = readOptions(this.#plugin as unknown as PluginDefinition, options as object);
      const inputs = JSON.stringify([read, columnsOf(nics), columnsOf(vms), batches, available]);
      const same = byInputs.get(inputs);
      if (same !== undefined) throw caseError(name, `case "${same}" has the same inputs`, 'leave one of them out');
      byInputs.set(inputs, name);
    }
  }

  #fault(
    tested: PolicyCase<K, unknown>,
    make: (trial: Trial) => ExtensionPoints[K],
  ): PolicyCaseFailed | FairleadError | undefined {
    const trial = trialOf(tested);
    trial.nics.setAvailable(...trial.available[0]);
    const answered = answersTo(this.#plugin.kind, make(trial), trial);
    for (const [what, expected] of Object.entries(expectationOf(tested, trial))) {
      const actual = answered[what];
      const i = expected.findIndex((answer, k) => answer !== actual[k]);
      if (i < 0) continue;
      const message = `case "${tested.name}": ${tellPlace(what, i, trial)}: ${actual[i]}, not ${expected[i]}`;
      return new PolicyCaseFailed(
        `${message}\n  ${what.padEnd(8)} ${actual.join(' ')}\n  expected ${expected.join(' ')}`,
        actual,
        expected,
      );
    }
    return undefined;
  }
}

/** What a case expects, NICs by their names. */
function expectationOf({ name, expect }: PolicyCase<PolicyKind, unknown>, { nics }: Trial): Answer {
  const lists = Object.entries(expect).filter(([, answers]) => answers !== undefined) as [string, Answer[string]][];
  return Object.fromEntries(
    lists.map(([what, answers]) =>
      what === 'nics'
        ? [what, answers.map((nic) => nics.names[nicNumber(nics, nic as string | number, name)])]
        : [what, answers],
    ),
  );
}

/** Infinity is no number of JSON, but a limit of none is not a limit of zero. */
function columnsOf(table: object): unknown {
  return Object.entries(table).map(([name, column]) =>
    ArrayBuffer.isView(column) ? [name, String(column)] : [name, column],
  );
}

function tellPlace(what: string, i: number, { batches }: Trial): string {
  if (what === 'retryAtUs') return `retryAtUs of batch ${i} at ${batches[i].atUs} us`;
  let first = 0;
  for (const [k, { vm, atUs, bytes }] of batches.entries()) {
    if (i < first + bytes.length)
      return `frame ${i - first} of batch ${k} (${bytes[i - first]} bytes, vm${vm}, ${atUs} us)`;
    first += bytes.length;
  }
  return `frame ${i}`;
}
