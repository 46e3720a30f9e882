import { type Host, use } from '@fairlead/core';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import roundRobin from '@fairlead/load-distribution-round-robin';
import { describe, expect, it } from 'vitest';
import { frames, numberOf, upTo } from './support/frames.ts';
import { guest, MAC, simulatedHost, started, takeSent } from './support/hosts.ts';

/** UDP source port of a simulated guest's frame: Ethernet 14, IPv4 20. */
function sourcePort(seen: Uint8Array): number {
  return new DataView(seen.buffer, seen.byteOffset).getUint16(34);
}

describe("requirement 31: two sets of data of one VM's one virtual NIC leave over two physical NICs", () => {
  it('two flows that take turns leave by a NIC each, whole and in order', async () => {
    const host = await started(
      simulatedHost([1e9, 1e9], { a: { traffic: { rateBps: 80e6, frameBytes: 1000, flows: 2 } } }).distribute(
        use(roundRobin),
      ),
    );
    host.run(100_000);
    const [first, second] = takeSent(host);
    expect([first.length, second.length]).toEqual([501, 500]);
    expect(new Set(first.map(sourcePort))).toEqual(new Set([49_152]));
    expect(new Set(second.map(sourcePort))).toEqual(new Set([49_153]));
    host.assertConserved();
  });

  it.each([
    { name: 'round-robin', used: use(roundRobin) },
    { name: 'pending-load', used: use(pendingLoad) },
  ])('$name: both NICs carry part of what the one virtual NIC is given, each frame once', async ({ used }) => {
    const host: Host = await started(simulatedHost([1e9, 1e9], { a: {}, b: {} }).distribute(used));
    guest(host, 'a').sendAll(frames(200, MAC.a));
    host.run(10_000);
    const sent = takeSent(host).map((seen) => seen.map(numberOf));
    expect(sent.map((numbers) => numbers.length)).toEqual([100, 100]);
    expect(sent.flat().sort((x, y) => x - y)).toEqual(upTo(200));
    expect(host.vms.status('a').transmittedFrames).toBe(200);
    host.assertConserved();
  });
});
