import { MAX_BATCH } from '../batch.ts';
import { FairleadError } from '../errors.ts';
import type { ExtensionPoints } from '../points/map.ts';
import { quantity } from '../units.ts';
import { DROP_REASONS, Verdict } from '../verdict.ts';
import { testBatch } from './batches.ts';
import { ManualClock } from './clock.ts';
import type { CaseBatch, CaseNic, CaseVm, PolicyCase, PolicyKind } from './policy-case.ts';
import { type TestNicTable, type TestVm, testNics, testVms } from './tables.ts';

/** What a policy answered to the frames of a case; a list for each thing that may be expected. */
export type Answer = Readonly<Record<string, readonly (string | number | null)[]>>;

/** The tables, the clock and the batches of a case, all of it as numbers. */
export interface Trial {
  readonly nics: TestNicTable;
  readonly vms: ReturnType<typeof testVms>;
  readonly clock: ManualClock;
  readonly batches: readonly Required<Omit<CaseBatch, 'available'>>[];
  /** The NICs that are available at each batch. */
  readonly available: readonly (readonly number[])[];
}

/** A fault of the case itself. */
export function caseError(name: string, what: string, mend: string): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_TEST_CASE', what, { where: `case "${name}"`, mend });
}

/** @throws FairleadError `FAIRLEAD_ERR_TEST_CASE` or `FAIRLEAD_ERR_UNIT` when the case is not one. */
export function trialOf(tested: PolicyCase<PolicyKind, unknown>): Trial {
  const { name, nics: given = ['1Gbps', '1Gbps'], vms = [{}], frames } = tested;
  const caseNics = given.map((nic): CaseNic => (typeof nic === 'object' ? nic : { speedBps: nic }));
  const nics = testNics(
    caseNics.map(({ speedBps = 1e9 }) => quantity(speedBps, 'bps', `case "${name}"`)),
    caseNics.map((nic, i) => nic.name ?? `nic${i}`),
  );
  nics.pendingBytes.set(caseNics.map(({ pendingBytes = 0 }) => pendingBytes));
  let available = [...caseNics.keys()].filter((nic) => caseNics[nic].available !== false);
  nics.setAvailable(...available);

  const written = asBatches(frames);
  let nowUs = 0;
  const batches = written.map(({ vm = 0, atUs = nowUs, bytes, backlog = bytes.length }) => {
    if (bytes.length === 0) throw caseError(name, 'a batch has no frames', 'give the length of at least one frame');
    if (bytes.length > MAX_BATCH)
      throw caseError(name, `a batch has ${bytes.length} frames`, `give ${MAX_BATCH} at most`);
    if (!(vm in vms)) throw caseError(name, `there is no VM ${vm}`, 'list it in vms');
    if (atUs < nowUs)
      throw caseError(name, `a batch at ${atUs} us comes after one at ${nowUs} us`, 'put them in order');
    nowUs = atUs;
    return { vm, atUs, bytes, backlog };
  });
  return {
    nics,
    vms: testVms(vms.map((vm) => vmOf(vm, name))),
    clock: new ManualClock(),
    batches,
    available: written.map((batch) => {
      available = batch.available?.map((nic) => nicNumber(nics, nic, name)) ?? available;
      return available;
    }),
  };
}

function asBatches(frames: readonly number[] | readonly CaseBatch[]): readonly CaseBatch[] {
  if (frames.length === 0) return [];
  return typeof frames[0] === 'number' ? [{ bytes: frames as readonly number[] }] : (frames as readonly CaseBatch[]);
}

function vmOf(vm: CaseVm, name: string): TestVm {
  const numbers = Object.entries(vm).map(([key, value]) => {
    if (typeof value !== 'string' || key === 'name') return [key, value];
    return [key, quantity(value, key.endsWith('Bps') ? 'bps' : 'bytes', `case "${name}", ${key}`)];
  });
  return Object.fromEntries(numbers) as TestVm;
}

/** The number of a NIC that a case names. */
export function nicNumber(nics: TestNicTable, nic: string | number, name: string): number {
  const number = typeof nic === 'number' ? nic : nics.names.indexOf(nic);
  if (number in nics.names) return number;
  throw caseError(name, `there is no NIC ${nic}`, `use one of ${nics.names.join(', ')}`);
}

/** Puts the case to a policy. */
export function answersTo<K extends PolicyKind>(kind: K, policy: ExtensionPoints[K], trial: Trial): Answer {
  return kind === 'admission'
    ? admissionAnswers(policy as ExtensionPoints['admission'], trial)
    : distributionAnswers(policy as ExtensionPoints['load-distribution'], trial);
}

function* offered(trial: Trial): Iterable<ReturnType<typeof testBatch>> {
  for (const [i, { vm, atUs, bytes, backlog }] of trial.batches.entries()) {
    trial.clock.advance(atUs - trial.clock.nowUs());
    const available = trial.available[i];
    if (i > 0 && available !== trial.available[i - 1]) trial.nics.setAvailable(...available);
    yield testBatch(bytes, { vm, nowUs: atUs, backlog });
  }
}

function admissionAnswers(policy: ExtensionPoints['admission'], trial: Trial): Answer {
  const verdicts: string[] = [];
  const reasons: (string | null)[] = [];
  const retryAtUs: (number | null)[] = [];
  let sweptUs = Number.NaN;
  for (const batch of offered(trial)) {
    // A sweep for each instant, as the host does.
    if (batch.nowUs !== sweptUs) policy.sweep?.(batch.nowUs);
    sweptUs = batch.nowUs;
    const { count } = batch;
    policy.admit(batch);
    for (let i = 0; i < count; i++) {
      const dropped = i < batch.queuedFrom && batch.verdict[i] === Verdict.Drop;
      verdicts.push(i >= batch.queuedFrom ? 'queue' : dropped ? 'drop' : 'admit');
      reasons.push(dropped ? (DROP_REASONS[batch.reason[i]] ?? `reason ${batch.reason[i]}`) : null);
    }
    retryAtUs.push(batch.queuedFrom < count ? batch.retryAtUs : null);
  }
  return { verdicts, reasons, retryAtUs };
}

function distributionAnswers(policy: ExtensionPoints['load-distribution'], trial: Trial): Answer {
  const nics: (string | number)[] = [];
  for (const batch of offered(trial)) {
    const { count } = batch;
    policy.select(batch);
    for (let i = 0; i < count; i++) nics.push(trial.nics.names[batch.nic[i]] ?? batch.nic[i]);
  }
  return { nics };
}
