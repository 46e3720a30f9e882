import { REGISTERS } from './hyper-log-log.ts';

/** A VM's row of three sketches. */
export const Sketch = {
  /** Addresses and ports that the VM begins to speak to. */
  targets: 0,
  /** Sources that begin to speak to the VM. */
  begin: REGISTERS,
  /** Sources that go on; kept once many have begun. */
  goOn: 2 * REGISTERS,
} as const;
/** Registers of a row. */
export const ROW = 3 * REGISTERS;

/** A VM's row of counts, of this window. */
export const Column = { targets: 0, begin: 1 } as const;
/** Cells of a row. */
export const CELLS = 2;

/** What a detector hands to its successor. */
export interface SpreadState {
  readonly version: 1;
  readonly counts: Float64Array;
  readonly registers: Uint8Array;
}

/** No count of a host comes near it; far enough from the end of the numbers to calculate with. */
const MOST = 1e15;

export function isSpreadState(state: unknown, counts: number, registers: number): state is SpreadState {
  const given = (state ?? {}) as Partial<Record<keyof SpreadState, unknown>>;
  return (
    given.version === 1 &&
    given.counts instanceof Float64Array &&
    given.counts.length === counts &&
    given.counts.every((count) => count >= 0 && count <= MOST) &&
    given.registers instanceof Uint8Array &&
    given.registers.length === registers
  );
}
