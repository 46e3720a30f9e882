import type { CostProbe } from './clock.ts';

/**
 * Parts that a test or a simulation gives a host in place of its own.
 *
 * @example
 * ```ts
 * import type { CostProbe, HostParts } from '@fairlead/core';
 *
 * // Every call costs a microsecond.
 * let nowNs = 0;
 * const probe: CostProbe = { nowNs: () => (nowNs += 1000), heapBytes: () => 0 };
 * const parts: HostParts = { probe };
 * ```
 */
export interface HostParts {
  /**
   * What the cost of plugins is measured by. By default the machine: under the inline runtime a plugin with a budget may
   * then fail on one machine and not on another.
   */
  readonly probe?: CostProbe;
}
