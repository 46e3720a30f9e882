import shapingFilter from '@fairlead/admission-shaping-filter';
import { use } from '@fairlead/core';
import { describe, expect, it } from 'vitest';
import { Colour, meterTerms } from '../../plugins/admission-shaping-filter/src/colour.ts';
import { SingleRateMeter } from '../../plugins/admission-shaping-filter/src/srtcm.ts';
import { TwoRateMeter } from '../../plugins/admission-shaping-filter/src/trtcm.ts';
import { ExcessRateMeter } from '../../plugins/admission-shaping-filter/src/trtcm4115.ts';
import { frame } from '../requirements/support/frames.ts';
import { guest, MAC, settle, simulatedHost, started } from '../requirements/support/hosts.ts';
import { policed } from './support/drops.ts';

describe('case 37: DPDK test_meter, CBS 2048 with EBS or PBS 4096', () => {
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
  )(
    'case 37: $kind, a $name frame of 2047, 2049, 4095 and 4097 bytes on a full meter',
    ({ Meter, precolour, expected }) => {
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
    },
  );

  it.each(meters.map(([kind]) => kind))(
    'case 37: %s, and what a host does with the frames of its VMs is by these colours',
    async (meter) => {
      const passed: boolean[][] = [];
      for (const yellow of ['drop', 'admit'] as const) {
        const options = {
          meter,
          cirBps: '368Mbps',
          pirBps: '368Mbps',
          eirBps: '368Mbps',
          cbsBytes: 2048,
          ebsBytes: 4096,
          pbsBytes: 4096,
          yellow,
        } as const;
        const builder = simulatedHost([1e9], { a: {}, b: {}, c: {}, d: {} }).memory({ slotBytes: 8192 });
        const host = await started(builder.admit(use(shapingFilter, options)));
        const vms = ['a', 'b', 'c', 'd'] as const;
        for (const [i, vm] of vms.entries()) guest(host, vm).send(frame(MAC[vm], { bytes: LENGTHS[i] }));
        settle(host);
        passed.push(vms.map((vm) => host.vms.status(vm).transmittedFrames === 1));
        expect(vms.every((vm) => host.vms.status(vm).transmittedFrames + policed(host, vm) === 1)).toBe(true);
        host.assertConserved();
      }
      expect(passed).toEqual([
        [true, false, false, false],
        [true, true, true, false],
      ]);
    },
  );
});
