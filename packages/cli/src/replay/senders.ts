import { formatMac, parseMac } from '@fairlead/sdk';

/** More unknown senders than this are counted, but not told apart. */
const MOST_STRANGERS = 10_000;
const NOBODY = -1;

/**
 * Whose frame is this? By source MAC, as on a shared port. With `assign` each unknown source is given to a VM, in turn
 * and for good; a group address, which cannot be a source (IEEE 802.3 §3.2.3), never is.
 */
export class Senders {
  readonly #vmOf = new Map<number, number>();
  readonly #strangers = new Map<number, number>();
  readonly #macs: readonly Uint8Array[];
  readonly #assign: boolean;
  #next = 0;
  /** Frames of nobody. */
  unknownFrames = 0;
  /** Sources that were given to VMs. */
  assigned = 0;

  constructor(macs: readonly string[], assign: boolean) {
    this.#macs = macs.map(parseMac);
    this.#assign = assign;
    for (const [vm, mac] of this.#macs.entries()) this.#vmOf.set(keyOf(mac, 0), vm);
  }

  /** The VM that sends a frame, whose source MAC is then that VM's; -1 when there is none. */
  vmOf(frame: Uint8Array, bytes: number): number {
    if (bytes < 12) return this.#nobody(NOBODY);
    const key = keyOf(frame, 6);
    let vm = this.#vmOf.get(key);
    if (vm === undefined && this.#assign && (frame[6] & 1) === 0 && this.assigned < MOST_STRANGERS) {
      vm = this.#next;
      this.#next = (vm + 1) % this.#macs.length;
      this.#vmOf.set(key, vm);
      this.assigned++;
    }
    if (vm === undefined) return this.#nobody(key);
    frame.set(this.#macs[vm] as Uint8Array, 6);
    return vm;
  }

  #nobody(key: number): number {
    this.unknownFrames++;
    const known = this.#strangers.get(key);
    if (known !== undefined || this.#strangers.size < MOST_STRANGERS) this.#strangers.set(key, (known ?? 0) + 1);
    return NOBODY;
  }

  /** Sources that no VM has, the busiest first. */
  strangers(most: number): { mac: string; frames: number }[] {
    return [...this.#strangers]
      .sort(([a, aFrames], [b, bFrames]) => bFrames - aFrames || a - b)
      .slice(0, most)
      .map(([key, frames]) => ({ mac: key === NOBODY ? 'none: cut off before its source' : macOf(key), frames }));
  }
}

/** Six bytes as one number, below 2^48. */
function keyOf(bytes: Uint8Array, at: number): number {
  let key = 0;
  for (let i = at; i < at + 6; i++) key = key * 256 + bytes[i];
  return key;
}

function macOf(key: number): string {
  const bytes = new Uint8Array(6);
  for (let i = 5, rest = key; i >= 0; i--, rest = Math.floor(rest / 256)) bytes[i] = rest % 256;
  return formatMac(bytes);
}
