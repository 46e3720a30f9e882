import { describe, expect, it } from 'vitest';
import { Colour, meterTerms } from '../src/colour.ts';
import { SingleRateMeter } from '../src/srtcm.ts';
import { TwoRateMeter } from '../src/trtcm.ts';
import { ExcessRateMeter } from '../src/trtcm4115.ts';

describe('as DPDK’s test_meter has it, with CBS 2048 and EBS or PBS 4096', () => {
  const meters = [
    ['srtcm', SingleRateMeter],
    ['trtcm', TwoRateMeter],
    ['trtcm-4115', ExcessRateMeter],
  ] as const;
  const { Green, Yellow, Red } = Colour;
  const LENGTHS = [2047, 2049, 4095, 4097];
  const COLOURS = [
    ['green', Green, [Green, Yellow, Yellow, Red]],
    ['yellow', Yellow, [Yellow, Yellow, Yellow, Red]],
    ['red', Red, [Red, Red, Red, Red]],
  ] as const;

  it.each(
    meters.flatMap(([kind, Meter]) =>
      COLOURS.map(([name, precolour, expected]) => ({ kind, Meter, name, precolour, expected })),
    ),
  )('$kind, a $name frame of 2047, 2049, 4095 and 4097 bytes on a full meter', ({ Meter, precolour, expected }) => {
    const seen = LENGTHS.map((bytes) => {
      const terms = meterTerms(1);
      terms.cirBps[0] = terms.pirBps[0] = terms.eirBps[0] = 46e6 * 8;
      terms.cbsBytes[0] = 2048;
      terms.ebsBytes[0] = terms.pbsBytes[0] = 4096;
      const meter = new Meter(terms, new Float64Array(1));
      meter.refill(0);
      return meter.colour(0, bytes, precolour);
    });
    expect(seen).toEqual(expected);
  });
});
