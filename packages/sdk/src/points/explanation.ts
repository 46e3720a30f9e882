/**
 * Why a policy decided about one frame as it did, for a person who has asked. Made on the worker's thread, between two
 * calls of the policy, and only while a frame is being traced: it may take its time and allocate. It must change nothing.
 *
 * @example
 * ```ts
 * import type { Explanation } from '@fairlead/sdk';
 *
 * const explanation: Explanation = {
 *   why: 'it would be finished with the frame first',
 *   state: { grainBytes: 1514 },
 *   rejected: new Map([[1, 'it would be finished 40 µs later']]),
 * };
 * ```
 */
export interface Explanation {
  /** In words, one line. */
  readonly why: string;
  /** What the policy read and remembers, by name, with the unit in the name. */
  readonly state?: Readonly<Record<string, string | number | boolean>>;
  /** By number of an available NIC that was not chosen: why not. */
  readonly rejected?: ReadonlyMap<number, string>;
}
