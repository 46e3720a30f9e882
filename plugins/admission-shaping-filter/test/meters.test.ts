import { readFileSync } from 'node:fs';
import { Verdict } from '@fairlead/sdk';
import { testBatch, testVms } from '@fairlead/sdk/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Colour, type ColourMeter, type MeterTerms, meterTerms } from '../src/colour.ts';
import { ShapingFilter } from '../src/index.ts';
import { SingleRateMeter } from '../src/srtcm.ts';
import { TokenBuckets } from '../src/token-buckets.ts';
import { TwoRateMeter } from '../src/trtcm.ts';
import { ExcessRateMeter } from '../src/trtcm4115.ts';
import { times, written } from './given.ts';

type ColourName = 'green' | 'yellow' | 'red';

interface Vectors {
  meters: {
    title: string;
    meter: 'srtcm' | 'trtcm' | 'trtcm-4115';
    terms: Record<string, number>;
    frames: {
      atNs: number;
      bytes: number;
      precolour: ColourName;
      colour: ColourName;
      committed: number;
      excess?: number;
      peak?: number;
    }[];
  }[];
  policers: {
    title: string;
    rateBps: number;
    burstBytes: number;
    frameBytes: number;
    batches: { atMs: number; frames: number; passed: number; leftBits?: number }[];
  }[];
}

const vectors: Vectors = JSON.parse(readFileSync(new URL('./vectors/meters.json', import.meta.url), 'utf8'));
const COLOUR_OF = { green: Colour.Green, yellow: Colour.Yellow, red: Colour.Red } as const;
const NAMES = ['green', 'yellow', 'red'] as const;

/** Terms of one row; the rates of the vectors are in bytes a second. */
function termsOf(written: Record<string, number>): MeterTerms {
  const terms = meterTerms(1);
  for (const [name, value] of Object.entries(written)) {
    if (name.endsWith('BytesPerSecond')) {
      terms[name.replace('BytesPerSecond', 'Bps') as 'cirBps' | 'pirBps' | 'eirBps'][0] = value * 8;
    } else {
      terms[name as 'cbsBytes' | 'ebsBytes' | 'pbsBytes'][0] = value;
    }
  }
  return terms;
}

/** The meter and a way to read its two buckets. */
function meterOf(kind: Vectors['meters'][number]['meter'], terms: MeterTerms, clockNs: Float64Array) {
  if (kind === 'srtcm') {
    const meter = new SingleRateMeter(terms, clockNs);
    return { meter, left: () => ({ committed: meter.committed[0], excess: meter.excess[0] }) };
  }
  if (kind === 'trtcm') {
    const meter = new TwoRateMeter(terms, clockNs);
    return { meter, left: () => ({ committed: meter.committed.tokens[0], peak: meter.peak.tokens[0] }) };
  }
  const meter = new ExcessRateMeter(terms, clockNs);
  return { meter, left: () => ({ committed: meter.committed.tokens[0], excess: meter.excess.tokens[0] }) };
}

function mark(meter: ColourMeter, bytes: number, precolour: Colour): Colour {
  meter.refill(0);
  const colour = meter.colour(0, bytes, precolour);
  meter.charge(0, bytes, colour);
  return colour;
}

describe('vectors, colour for colour and token for token', () => {
  it.each(vectors.meters)('$title', ({ meter: kind, terms, frames }) => {
    const clockNs = new Float64Array(1);
    const { meter, left } = meterOf(kind, termsOf(terms), clockNs);
    for (const { atNs, bytes, precolour, colour, ...tokens } of frames) {
      clockNs[0] = atNs;
      const given = mark(meter, bytes, COLOUR_OF[precolour]);
      expect({ atNs, bytes, colour: NAMES[given], ...left() }).toEqual({ atNs, bytes, colour, ...tokens });
    }
  });

  it.each(vectors.policers)('policer by batches, $title', ({ rateBps, burstBytes, frameBytes, batches }) => {
    const policy = new ShapingFilter(testVms([{}]), written({ mode: 'police', averageBps: rateBps, burstBytes }));
    const clockNs = new Float64Array(1);
    const buckets = new TokenBuckets(Float64Array.of(rateBps), Int32Array.of(burstBytes), clockNs);
    for (const { atMs, frames, passed, leftBits } of batches) {
      const batch = testBatch(times(frames, frameBytes), { nowUs: atMs * 1000 });
      policy.admit(batch);
      expect({ atMs, passed: frames - batch.drops }).toEqual({ atMs, passed });

      // The bucket of the policy is its own; one beside it, charged alike, shows what is left.
      clockNs[0] = atMs * 1e6;
      buckets.refill(0);
      buckets.tokens[0] -= passed * frameBytes;
      if (leftBits !== undefined) expect(buckets.tokens[0] * 8 + buckets.earnings.remainder[0] / 1e9).toBe(leftBits);
    }
  });
});

/*
 * The meters in unbounded integers, token by token at the nanosecond, written after the RFCs alone: rates in bit/s,
 * buckets in 10^-9 bit.
 */
const BYTE = 8_000_000_000n;
const least = (a: bigint, b: bigint) => (a < b ? a : b);

function exactMeter(kind: 'srtcm' | 'trtcm' | 'trtcm-4115', terms: MeterTerms) {
  const depth = (column: Int32Array) => BigInt(column[0]) * BYTE;
  const [cbs, ebs, pbs] = [depth(terms.cbsBytes), depth(terms.ebsBytes), depth(terms.pbsBytes)];
  const [cir, pir, eir] = [BigInt(terms.cirBps[0]), BigInt(terms.pirBps[0]), BigInt(terms.eirBps[0])];
  let [c, second] = [cbs, kind === 'trtcm' ? pbs : ebs];
  let atNs = 0;
  const refill = (t: bigint): void => {
    if (kind !== 'srtcm') {
      c = least(c + cir * t, cbs);
      second = kind === 'trtcm' ? least(second + pir * t, pbs) : least(second + eir * t, ebs);
      return;
    }
    // Tokens are whole bytes: the one under way belongs to neither bucket yet, and is lost when both are full.
    const [whole, underWay] = [((c + cir * t) / BYTE) * BYTE, (c + cir * t) % BYTE];
    const overflow = whole - least(whole, cbs);
    const full = whole >= cbs && second + overflow >= ebs;
    c = least(whole, cbs) + (full ? 0n : underWay);
    second = least(second + overflow, ebs);
  };
  const judge = (size: bigint, precolour: Colour): Colour => {
    if (kind === 'trtcm') {
      if (precolour === Colour.Red || size > second) return Colour.Red;
      second -= size;
      if (precolour === Colour.Yellow || size > c) return Colour.Yellow;
      c -= size;
      return Colour.Green;
    }
    if (precolour === Colour.Green && size <= c) {
      c -= size;
      return Colour.Green;
    }
    if (precolour === Colour.Red || size > second) return Colour.Red;
    second -= size;
    return Colour.Yellow;
  };
  return (nowNs: number, bytes: number, precolour: Colour) => {
    refill(BigInt(nowNs - atNs));
    atNs = nowNs;
    return { colour: judge(BigInt(bytes) * BYTE, precolour), left: [Number(c / BYTE), Number(second / BYTE)] };
  };
}

const frames = fc.array(
  fc.record({
    gapNs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 1, max: 1e9 })),
    bytes: fc.integer({ min: 1, max: 2_000 }),
    precolour: fc.constantFrom(Colour.Green, Colour.Green, Colour.Yellow, Colour.Red),
  }),
  { minLength: 1, maxLength: 80 },
);
const rate = fc.integer({ min: 1, max: 50_000_000 });
const depth = fc.integer({ min: 0, max: 4_000 });
const kinds = ['srtcm', 'trtcm', 'trtcm-4115'] as const;

function randomTerms([cir, pir, eir, cbs, ebs, pbs]: readonly number[]): MeterTerms {
  const terms = meterTerms(1);
  terms.cirBps[0] = cir;
  terms.pirBps[0] = pir;
  terms.eirBps[0] = eir;
  terms.cbsBytes[0] = cbs;
  terms.ebsBytes[0] = ebs;
  terms.pbsBytes[0] = pbs;
  return terms;
}
const terms = fc.tuple(rate, rate, rate, depth, depth, depth).map(randomTerms);

describe.each(kinds)('%s', (kind) => {
  it('agrees on every frame, blind or aware, with the same meter in unbounded integers', () => {
    fc.assert(
      fc.property(terms, frames, (terms, frames) => {
        const clockNs = new Float64Array(1);
        const { meter, left } = meterOf(kind, terms, clockNs);
        const exact = exactMeter(kind, terms);
        for (const { gapNs, bytes, precolour } of frames) {
          clockNs[0] += gapNs;
          const colour = mark(meter, bytes, precolour);
          expect({ colour, left: Object.values(left()) }).toEqual(exact(clockNs[0], bytes, precolour));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('never gives a frame a better colour than it came with', () => {
    fc.assert(
      fc.property(terms, frames, (terms, frames) => {
        const clockNs = new Float64Array(1);
        const { meter } = meterOf(kind, terms, clockNs);
        return frames.every(({ gapNs, bytes, precolour }) => {
          clockNs[0] += gapNs;
          return mark(meter, bytes, precolour) >= precolour;
        });
      }),
    );
  });

  it('tells the first nanosecond at which a frame gets a colour, for each frame that can', () => {
    const worst = fc.constantFrom(Colour.Green, Colour.Yellow);
    fc.assert(
      fc.property(terms, frames, fc.integer({ min: 1, max: 2_000 }), worst, (terms, frames, bytes, worst) => {
        const clockNs = new Float64Array(1);
        const { meter } = meterOf(kind, terms, clockNs);
        for (const frame of frames) {
          clockNs[0] += frame.gapNs;
          mark(meter, frame.bytes, frame.precolour);
        }
        const waitNs = meter.waitNs(0, bytes, worst);
        const startNs = clockNs[0];
        const colourAt = (ns: number) => {
          clockNs[0] = ns;
          meter.refill(0);
          return meter.colour(0, bytes, Colour.Green);
        };
        if (!meter.fits(0, bytes, worst)) return colourAt(startNs + 1e15) > worst;
        if (waitNs > 0 && colourAt(startNs + waitNs - 1) <= worst) return false;
        return colourAt(startNs + waitNs) <= worst;
      }),
      { numRuns: 300 },
    );
  });

  it('serves as the policy’s meter', () => {
    const policy = new ShapingFilter(
      testVms([{}]),
      written({
        meter: kind,
        cirBps: 8000,
        cbsBytes: 1500,
        pirBps: 8000,
        pbsBytes: 3000,
        ebsBytes: 1500,
        eirBps: 8000,
      }),
    );
    const batch = testBatch([1500, 1500, 1500]);
    policy.admit(batch);
    expect([...batch.verdict.subarray(0, 3)]).toEqual([Verdict.Admit, Verdict.Admit, Verdict.Drop]);
  });
});
