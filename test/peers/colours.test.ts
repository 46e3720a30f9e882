import shapingFilter from '@fairlead/admission-shaping-filter';
import { use } from '@fairlead/core';
import { expect, it } from 'vitest';
import { frame } from '../requirements/support/frames.ts';
import { guest, MAC, settle, simulatedHost, started } from '../requirements/support/hosts.ts';
import { policed } from './support/drops.ts';

/* The colours of frames that come with one, yellow or red, are in the tests of the shaping filter: a VM's carry none. */
const LENGTHS = [2047, 2049, 4095, 4097];

it.each(['srtcm', 'trtcm', 'trtcm-4115'] as const)(
  'case 37: DPDK test_meter, %s with CBS 2048 and EBS or PBS 4096: frames of 2047, 2049, 4095 and 4097 bytes are green, yellow, yellow and red',
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
