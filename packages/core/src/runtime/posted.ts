import type { MessagePort } from 'node:worker_threads';
import type { ErrorCode, PolicyMove, Signal } from '@fairlead/sdk';
import type { Budget, FailureMode } from '../config.ts';
import type { ArenaHandle } from '../memory/arena.ts';
import type { ObserveConfig } from '../observe-config.ts';
import type { PluginFault } from '../path/plugin-failure.ts';
import type { PortSecurity } from '../port-security.ts';
import type { PolicySection } from '../shadow/shadow-report.ts';
import type { ShadowPlan } from '../succession/order.ts';
import type { TracedFrame } from '../trace/traced-frame.ts';

/** A plugin as it is posted to a worker: without its class, which is loaded there from the module. */
export interface PostedPlugin {
  readonly name: string;
  readonly module: string;
  readonly options: unknown;
  readonly where: string;
  readonly fail: FailureMode;
  readonly budget: Budget;
}

/** A policy's place as it is posted to a worker. */
export interface PostedPolicy {
  readonly chain: readonly PostedPlugin[];
  readonly fail: FailureMode;
  readonly budget: Budget;
  /** It failed in a worker before this one, and its failure mode says more than that the next one serves. */
  readonly failed: boolean;
}

/** A detector as it is posted to a worker, with its number in the configuration. */
export interface PostedDetector {
  readonly number: number;
  readonly plugin: PostedPlugin;
  readonly windowMs: number;
}

/** All that a forwarding worker is told. */
export interface ForwardingTask extends PortSecurity {
  readonly arena: ArenaHandle;
  readonly worker: number;
  readonly seed: number;
  readonly batchFrames: number;
  readonly sampleEvery: number;
  readonly nics: readonly PostedPlugin[];
  readonly admission: PostedPolicy;
  readonly distribution: PostedPolicy;
  /** Those that have not been put aside. */
  readonly detectors: readonly PostedDetector[];
  /** How much they are shown. */
  readonly observe: ObserveConfig;
  /** Policies that are asked beside those that decide. */
  readonly shadows: readonly { readonly section: PolicySection; readonly shadow: ShadowPlan<PostedPlugin> }[];
  /** NICs whose driver hung: they get one that does nothing. */
  readonly brokenNics: readonly number[];
  readonly port: MessagePort;
}

/** A `FairleadError` as it is posted: an error loses its code on the way between threads. */
export interface PostedError {
  readonly code: ErrorCode;
  readonly what: string;
  readonly where: string | undefined;
  readonly mend: string | undefined;
}

/** What a forwarding worker tells the host. */
export type WorkerReport =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly error: PostedError }
  | { readonly type: 'fault'; readonly fault: Omit<PluginFault, 'error'>; readonly error: PostedError }
  | { readonly type: 'judged'; readonly detector: number; readonly signals: readonly Signal[] }
  | {
      readonly type: 'detector-failed';
      readonly detector: number;
      readonly fault: Omit<PluginFault, 'error'>;
      readonly error: PostedError;
    }
  | {
      readonly type: 'answer';
      readonly id: number;
      readonly handedOver: boolean;
      readonly error?: PostedError;
      readonly frames?: Uint8Array[];
    }
  | { readonly type: 'traced'; readonly frame: TracedFrame }
  | { readonly type: 'moved'; readonly plugin: string; readonly move: PolicyMove; readonly leftOut: number }
  | { readonly type: 'shadow'; readonly section: PolicySection; readonly shadow: string; readonly message: string }
  | {
      readonly type: 'log';
      readonly level: 'info' | 'warn';
      readonly plugin: string;
      readonly message: string;
      readonly fields: unknown;
    };
