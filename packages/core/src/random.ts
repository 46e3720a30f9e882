import type { Random } from '@fairlead/sdk';

/**
 * A seeded generator (xoshiro128**, Blackman & Vigna 2018). Each name draws a stream of its own from one seed, so that
 * adding a plugin does not change what another one sees.
 *
 * @example
 * ```ts
 * import { SeededRandom } from '@fairlead/core';
 *
 * const arrivals = new SeededRandom(7, 'arrivals');
 * const gapUs = -Math.log(1 - arrivals.next()) * 1000;
 * ```
 */
export class SeededRandom implements Random {
  readonly #state = new Uint32Array(4);

  constructor(seed: number, stream = '') {
    let hash = seed >>> 0;
    for (let i = 0; i < stream.length; i++) hash = Math.imul(hash ^ stream.charCodeAt(i), 0x01000193) >>> 0;
    for (let i = 0; i < 4; i++) {
      // splitmix32 fills the state, which must not be all zero
      hash = (hash + 0x9e3779b9) >>> 0;
      let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
      mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
      this.#state[i] = (mixed ^ (mixed >>> 16)) >>> 0;
    }
  }

  next(): number {
    const s = this.#state;
    const product = Math.imul(s[1], 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return result / 4294967296;
  }
}
