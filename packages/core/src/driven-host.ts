import { EventEmitter } from 'node:events';
import type { HostEvents } from './host-events.ts';

/** What moves a host of the inline runtime. */
export interface Drive {
  pass(): number;
  run(forUs: number, stepUs?: number): void;
  advance(untilUs: number, stepUs?: number): number;
}

/** What drives a host of the inline runtime: its caller, who moves the virtual clock. */
export abstract class DrivenHost extends EventEmitter<HostEvents> {
  /** @throws FairleadError `FAIRLEAD_ERR_HOST_STATE` when the host does not run, or not inline. */
  protected abstract driveFor(operation: string): Drive;

  /** Inline runtime: one pass at the present virtual time. Returns how much was done. */
  pass(): number {
    return this.driveFor('pass').pass();
  }

  /** Inline runtime: moves the virtual clock by `forUs` microseconds, in steps of at most `stepUs` while busy. */
  run(forUs: number, stepUs?: number): void {
    this.driveFor('run').run(forUs, stepUs);
  }

  /**
   * Inline runtime: does what is due before `untilUs` on the virtual clock, jumping over the time in which nothing is, and
   * returns when something is due next. For a program that drives many hosts, most of which have nothing to do.
   *
   * @example
   * ```ts
   * import type { Host } from '@fairlead/core';
   *
   * function together(hosts: readonly Host[], untilUs: number): number {
   *   return Math.min(...hosts.map((host) => host.advance(untilUs)));
   * }
   * ```
   */
  advance(untilUs: number, stepUs?: number): number {
    return this.driveFor('advance').advance(untilUs, stepUs);
  }
}
