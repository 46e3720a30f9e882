import type { FrameRecord } from './format.ts';

/** How an interface counts time: ticks to the second, and seconds to add (draft-ietf-opsawg-pcapng §4.2). */
export interface StampUnit {
  readonly ticksPerSecond: bigint;
  readonly offsetSeconds: number;
}

/** The unit that `if_tsresol` names: a power of ten, or of two when its highest bit is set. */
export function stampUnit(tsresol: number, offsetSeconds: number): StampUnit {
  const exponent = BigInt(tsresol & 0x7f);
  return { ticksPerSecond: (tsresol & 0x80) === 0 ? 10n ** exponent : 2n ** exponent, offsetSeconds };
}

/** Writes a 64-bit stamp, given as two words, to a record. */
export function readStamp(high: number, low: number, unit: StampUnit, record: FrameRecord): void {
  if (unit.ticksPerSecond > 1_000_000_000n) {
    const ticks = (BigInt(high) << 32n) | BigInt(low);
    record.seconds = Number(ticks / unit.ticksPerSecond) + unit.offsetSeconds;
    record.nanoseconds = Number(((ticks % unit.ticksPerSecond) * 1_000_000_000n) / unit.ticksPerSecond);
    return;
  }
  // Long division in steps of 32, 16 and 16 bits, so that every step is exact in a double and no BigInt is made.
  const perSecond = Number(unit.ticksPerSecond);
  const middle = (high % perSecond) * 65_536 + (low >>> 16);
  const last = (middle % perSecond) * 65_536 + (low & 0xffff);
  record.seconds =
    Math.floor(high / perSecond) * 4_294_967_296 +
    Math.floor(middle / perSecond) * 65_536 +
    Math.floor(last / perSecond) +
    unit.offsetSeconds;
  const fraction = last % perSecond;
  const nsPerTick = 1e9 / perSecond;
  record.nanoseconds = Number.isInteger(nsPerTick) ? fraction * nsPerTick : Math.floor((fraction * 1e9) / perSecond);
}
