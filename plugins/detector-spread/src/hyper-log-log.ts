/** Registers of a sketch: a byte each. */
export const REGISTERS = 128;
/** The upper bits of a hash are the number of its register. */
const REGISTER_BITS = 7;

/** Relative standard error of an estimate: 1.04/√m (Flajolet, Fusy, Gandouet, Meunier 2007, theorem 1). */
export const STANDARD_ERROR = 1.04 / Math.sqrt(REGISTERS);

/** α of m registers (section 4, figure 3). */
const ALPHA = 0.7213 / (1 + 1.079 / REGISTERS);

/** 2^-r, by r. A rank is 26 at most; a byte that came from elsewhere may be more. */
const POWERS = Float64Array.from({ length: 256 }, (_, rank) => 2 ** -rank);

/** Takes a value into a sketch: the register keeps the longest run of zeros that it has seen. */
export function add(registers: Uint8Array, first: number, value: number): void {
  const half = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  const whole = Math.imul(half ^ (half >>> 13), 0xc2b2ae35);
  const hash = whole ^ (whole >>> 16); // the last step of MurmurHash3 (Appleby 2011): each bit of the value counts
  const at = first + (hash >>> (32 - REGISTER_BITS));
  const rank = Math.clz32((hash << REGISTER_BITS) | (1 << (REGISTER_BITS - 1))) + 1;
  if (registers[at] < rank) registers[at] = rank;
}

/**
 * How many different values a sketch has taken (section 4, figure 3): the harmonic mean of the registers, or linear
 * counting while there are few.
 */
export function estimate(registers: Uint8Array, first: number): number {
  let sum = 0;
  let empty = 0;
  for (let at = first; at < first + REGISTERS; at++) {
    sum += POWERS[registers[at]];
    if (registers[at] === 0) empty++;
  }
  const raw = (ALPHA * REGISTERS * REGISTERS) / sum;
  return raw <= 2.5 * REGISTERS && empty > 0 ? REGISTERS * Math.log(REGISTERS / empty) : raw;
}
