import type { DropReasonName } from '../verdict.ts';
import type { TestVm } from './tables.ts';

/**
 * A NIC of a case.
 *
 * @example
 * ```ts
 * import type { CaseNic } from '@fairlead/sdk/testing';
 *
 * const busy: CaseNic = { name: 'eth0', speedBps: '10Gbps', pendingBytes: 30_000 };
 * ```
 */
export interface CaseNic {
  /** `nic0`, `nic1`, … when left out. */
  readonly name?: string;
  /** Link speed in bit/s, or as text: `'10Gbps'`. 1 Gbit/s when left out. */
  readonly speedBps?: number | string;
  /** Bytes that wait in its transmit queue. */
  readonly pendingBytes?: number;
  /** False for a NIC that is down. */
  readonly available?: boolean;
}

/**
 * A VM of a case; rates (bit/s) and sizes (bytes) also as text.
 *
 * @example
 * ```ts
 * import type { CaseVm } from '@fairlead/sdk/testing';
 *
 * const limited: CaseVm = { limitBps: '200Mbps', burstBytes: '64KiB', shares: 2 };
 * ```
 */
export type CaseVm = {
  readonly [K in keyof TestVm]: TestVm[K] | (K extends `${string}${'Bps' | 'Bytes'}` ? string : never);
};

/**
 * A run of frames of one VM.
 *
 * @example
 * ```ts
 * import type { CaseBatch } from '@fairlead/sdk/testing';
 *
 * const later: CaseBatch = { vm: 1, atUs: 1000, bytes: [64, 1514], available: ['nic0'] };
 * ```
 */
export interface CaseBatch {
  /** VM number, 0 when left out. */
  readonly vm?: number;
  /** When it is offered, in microseconds; when left out, at the same time as the batch before, or at 0. */
  readonly atUs?: number;
  /** Lengths of the frames in bytes, 1 to 256 of them. */
  readonly bytes: readonly number[];
  /** Frames the VM has waiting, those of the batch included; the batch alone when left out. */
  readonly backlog?: number;
  /** The NICs that are available from this batch on, by name or number. */
  readonly available?: readonly (string | number)[];
}

/**
 * What an admission policy is to say, one element for each frame of all batches, in order.
 *
 * @example
 * ```ts
 * import type { AdmissionExpectation } from '@fairlead/sdk/testing';
 *
 * const expected: AdmissionExpectation = { verdicts: ['admit', 'drop'], reasons: [null, 'policed'] };
 * ```
 */
export interface AdmissionExpectation {
  /** The verdict of each frame. */
  readonly verdicts?: readonly ('admit' | 'queue' | 'drop')[];
  /** Reason of each frame that is dropped; null for a frame that is not. */
  readonly reasons?: readonly (DropReasonName | null)[];
  /** When each batch is to be asked about again, in microseconds; null for a batch of which nothing waits. */
  readonly retryAtUs?: readonly (number | null)[];
}

/**
 * Which NIC a load distribution is to choose, for each frame of all batches, in order; by name or number.
 *
 * @example
 * ```ts
 * import type { LoadDistributionExpectation } from '@fairlead/sdk/testing';
 *
 * const expected: LoadDistributionExpectation = { nics: ['nic0', 'nic1', 0] };
 * ```
 */
export interface LoadDistributionExpectation {
  /** The NIC of each frame. */
  readonly nics: readonly (string | number)[];
}

/**
 * What is expected of each kind that has cases.
 *
 * @example
 * ```ts
 * import type { ExpectationByKind } from '@fairlead/sdk/testing';
 *
 * const expected: ExpectationByKind['admission'] = { verdicts: ['queue'], retryAtUs: [1000] };
 * ```
 */
export interface ExpectationByKind {
  /** Of an admission policy. */
  admission: AdmissionExpectation;
  /** Of a load distribution. */
  'load-distribution': LoadDistributionExpectation;
}

/**
 * The kinds that `PolicyTester` takes.
 *
 * @example
 * ```ts
 * import type { PolicyKind } from '@fairlead/sdk/testing';
 *
 * const kinds: readonly PolicyKind[] = ['admission', 'load-distribution'];
 * ```
 */
export type PolicyKind = keyof ExpectationByKind;

/**
 * One case of a table: what the policy is given, and what it is to answer.
 *
 * @example
 * ```ts
 * import type { PolicyCase } from '@fairlead/sdk/testing';
 *
 * const overIdleNic: PolicyCase<'load-distribution', object> = {
 *   name: 'a frame goes over the NIC on which nothing waits',
 *   nics: [{ pendingBytes: 3000 }, '10Gbps'],
 *   frames: [1514],
 *   expect: { nics: ['nic1'] },
 * };
 * ```
 */
export interface PolicyCase<K extends PolicyKind, O> {
  /** What the case shows, in a sentence; no two of a table have the same. */
  readonly name: string;
  /** Options as a configuration has them; the defaults when left out. */
  readonly options?: O;
  /** NICs, as a speed or with more said; two of 1 Gbit/s when left out. */
  readonly nics?: readonly (number | string | CaseNic)[];
  /** VMs; one without a limit when left out. */
  readonly vms?: readonly CaseVm[];
  /** Lengths of the frames of one batch in bytes, or several batches one after the other. */
  readonly frames: readonly number[] | readonly CaseBatch[];
  /** What the policy is to answer. */
  readonly expect: ExpectationByKind[K];
}
