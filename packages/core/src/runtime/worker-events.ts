import type { PolicyMove, Signal } from '@fairlead/sdk';
import type { PluginFault } from '../path/plugin-failure.ts';
import type { PolicySection } from '../shadow/shadow-report.ts';
import type { TracedFrame } from '../trace/traced-frame.ts';

/** What the host is told by its workers. */
export interface WorkerEvents {
  fault(fault: PluginFault, worker: number): void;
  judged(worker: number, detector: number, signals: readonly Signal[]): void;
  detectorFailed(fault: PluginFault, worker: number, detector: number): void;
  driverFailed(fault: PluginFault, worker: number, hung: boolean): void;
  /** No worker will take its place, and its detectors are gone with it. */
  silenced(worker: number): void;
  workerLost(worker: number, cause: string): void;
  log(level: 'info' | 'warn', plugin: string, message: string, fields: unknown): void;
  moved(plugin: string, move: PolicyMove, leftOut: number): void;
  shadowFailed(section: PolicySection, shadow: string, message: string): void;
  traced(frame: TracedFrame): void;
}
