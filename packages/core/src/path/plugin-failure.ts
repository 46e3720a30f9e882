import { type ErrorCode, FairleadError, type TransmitBatch } from '@fairlead/sdk';
import type { FailureMode } from '../config.ts';

/** What a plugin was asked about when it failed. */
export interface FaultInput {
  /** Frames of the batch or burst. */
  readonly frames: number;
  /** Their lengths together, in bytes. */
  readonly bytes: number;
  /** Length of the shortest, in bytes. */
  readonly smallestBytes: number;
  /** Length of the longest, in bytes. */
  readonly largestBytes: number;
  /** Frames that the VM had waiting, those of the batch included. */
  readonly backlogFrames: number;
}

/** What a plugin used, and what it was allowed: microseconds a call, or bytes. */
export interface FaultCost {
  /** What it used. */
  readonly used: number;
  /** What its budget allows. */
  readonly allowed: number;
  /** Microseconds a call, or bytes. */
  readonly unit: 'us' | 'bytes';
}

/** What is told when a plugin of the data path has failed. */
export interface PluginFault {
  /** Name of the plugin. */
  readonly plugin: string;
  /** The hook that failed. */
  readonly hook: string;
  /** VM number, or NIC number when `ofNic` is set. */
  readonly vm: number;
  /** It is a driver; `vm` is then a NIC. */
  readonly ofNic?: boolean;
  /** Who serves from now on. */
  readonly fallback: string;
  /** What the failure means for the traffic. */
  readonly fail: FailureMode;
  /** What happened, with its code. */
  readonly error: FairleadError;
  /** How it failed, in a few words. */
  readonly brief: string;
  /** The batch that it failed at. */
  readonly input?: FaultInput | undefined;
  /** What it used, when it broke its budget. */
  readonly cost?: FaultCost | undefined;
}

/** How a plugin failed, when it did not throw: found by the host, and thrown where a throw of the plugin would be. */
export class PluginFailure extends Error {
  readonly code: ErrorCode;
  readonly cost: FaultCost | undefined;

  constructor(code: ErrorCode, what: string, cost?: FaultCost) {
    super(what);
    this.code = code;
    this.cost = cost;
  }
}

/** A hook that must return nothing has returned something. */
export function wrongAnswer(hook: string, answer: unknown): PluginFailure {
  if (typeof (answer as { then?: unknown } | null)?.then === 'function') {
    // Nobody waits for it; what it comes to must not end the process.
    void Promise.resolve(answer).catch(() => undefined);
    return new PluginFailure('FAIRLEAD_ERR_PLUGIN_ASYNC', `${hook} returned a promise; the data path does not wait`);
  }
  return new PluginFailure('FAIRLEAD_ERR_PLUGIN_ANSWER', `${hook} returned a value; a kernel must return undefined`);
}

/** A driver's count of frames that cannot be. */
export function wrongCount(hook: string, answer: unknown, most: number): PluginFailure {
  if (typeof answer !== 'number') return wrongAnswer(hook, answer);
  return new PluginFailure('FAIRLEAD_ERR_PLUGIN_RANGE', `${hook} answered ${answer}, of ${most} frames`);
}

/** Frames that are to wait from nowhere, or until no time. */
export function wrongWait(queuedFrom: number, retryAtUs: number, count: number): PluginFailure {
  const what = `admit made the frames wait from ${queuedFrom} of ${count} on, until ${retryAtUs} µs`;
  return new PluginFailure('FAIRLEAD_ERR_PLUGIN_RANGE', what);
}

/** A NIC that is not there, or that no frame may go to now. */
export function wrongNic(nic: number, nics: number): PluginFailure {
  if (nic >= 0 && nic < nics)
    return new PluginFailure('FAIRLEAD_ERR_PLUGIN_ANSWER', `chose NIC ${nic}, which is not available`);
  return new PluginFailure('FAIRLEAD_ERR_PLUGIN_RANGE', `chose NIC ${nic}; the host has NICs 0 to ${nics - 1}`);
}

/** What there is to say of the batch that a plugin failed at. */
export function inputOf({ bytes, count, backlog }: TransmitBatch): FaultInput {
  return { ...shapeOfFrames({ bytes, count }), backlogFrames: backlog };
}

/** How many frames there are, and how long. */
export function shapeOfFrames({
  bytes,
  count,
}: Pick<TransmitBatch, 'bytes' | 'count'>): Omit<FaultInput, 'backlogFrames'> {
  let total = 0;
  let smallest = Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < count; i++) {
    total += bytes[i];
    if (bytes[i] < smallest) smallest = bytes[i];
    if (bytes[i] > largest) largest = bytes[i];
  }
  if (count === 0) smallest = 0;
  return { frames: count, bytes: total, smallestBytes: smallest, largestBytes: largest };
}

const MENDS: Partial<Record<ErrorCode, string>> = {
  FAIRLEAD_ERR_PLUGIN_ASYNC: 'make the hook a plain function that returns undefined',
  FAIRLEAD_ERR_PLUGIN_ANSWER: 'answer as the extension point says: through the batch, with what is available',
  FAIRLEAD_ERR_PLUGIN_RANGE: 'write only whole numbers that the extension point allows, for i below batch.count',
  FAIRLEAD_ERR_PLUGIN_STALLED: 'bound every loop by batch.count, and wait for nothing',
  FAIRLEAD_ERR_PLUGIN_BUDGET: 'make the plugin cheaper, or raise its budget',
};

/** The error that says how a plugin failed and what comes of it. */
export function faultError(plugin: string, hook: string, outcome: string, cause: unknown): FairleadError {
  const code = cause instanceof PluginFailure ? cause.code : 'FAIRLEAD_ERR_PLUGIN_THREW';
  const what = cause instanceof Error ? cause.message : String(cause);
  const mend = MENDS[code] ?? 'mend the plugin; the cause is attached';
  return new FairleadError(code, `plugin ${plugin} failed: ${what}`, {
    where: `${plugin}.${hook}`,
    mend: `${mend}; ${outcome}`,
    cause,
  });
}

/** A driver has failed: its NIC is down. */
export function driverFault(
  { name, fail }: { readonly name: string; readonly fail: FailureMode },
  nic: number,
  hook: string,
  cause: unknown,
): PluginFault {
  const outcome = fail === 'stop' ? 'the host stops' : 'its NIC is down, and frames go by others';
  const cost = cause instanceof PluginFailure ? cause.cost : undefined;
  const error = faultError(name, hook, outcome, cause);
  const brief = briefOf(hook, cause);
  return { plugin: name, hook, vm: nic, ofNic: true, fallback: 'the other NICs', fail, error, brief, cost };
}

/** How a plugin failed, in a few words. */
export function briefOf(hook: string, cause: unknown): string {
  if (cause instanceof PluginFailure) return cause.message;
  return `${hook}() threw: ${cause instanceof Error ? cause.message : String(cause)}`;
}
