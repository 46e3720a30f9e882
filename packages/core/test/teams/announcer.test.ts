import { afterEach, describe, expect, it } from 'vitest';
import type { WrittenHostConfig } from '../../src/config.ts';
import type { Host } from '../../src/host.ts';
import { gratuitousArp, neighbourAdvertisement, rarp } from '../../src/teams/announcement.ts';
import { macOf, sourceOf } from '../given/frames.ts';
import { inlineHost, memoryNic, memoryVm, nicOf } from '../given/inline-host.ts';

let host: Host | undefined;
afterEach(async () => {
  await host?.close();
  host = undefined;
});

const MAC = Uint8Array.from([2, 0, 0, 0, 0, 7]);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

async function given(change: Partial<WrittenHostConfig>): Promise<Host> {
  host = await inlineHost({
    nics: [memoryNic('nic0'), memoryNic('nic1', {}, { role: 'standby' })],
    vms: [memoryVm(0), memoryVm(1, { addresses: ['10.0.0.7', 'fd00::a:7'] })],
    announce: {},
    ...change,
  });
  return host;
}

/** EtherType and source of every frame on a NIC's wire since this was last asked. */
function announced(nic: string): string[] {
  const frames = nicOf(host as Host, nic).takeTransmitted();
  return frames.map((frame) => `${hex(frame.subarray(12, 14))} ${sourceOf(frame)}`);
}

describe('an announcement', () => {
  it('by reverse ARP names the MAC address alone', () => {
    const arp = `0001080006040003${hex(MAC)}00000000${hex(MAC)}00000000`;
    expect(hex(rarp(MAC))).toBe(`ffffffffffff${hex(MAC)}8035${arp}`.padEnd(120, '0'));
  });

  it('by gratuitous ARP has the address as sender and as target', () => {
    const arp = `0001080006040001${hex(MAC)}0a0000070000000000000a000007`;
    expect(hex(gratuitousArp(MAC, [10, 0, 0, 7]))).toBe(`ffffffffffff${hex(MAC)}0806${arp}`.padEnd(120, '0'));
  });

  it('by neighbour advertisement overrides, and its checksum is right', () => {
    const address = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
    const frame = neighbourAdvertisement(MAC, address);
    expect([frame.length, frame[54], frame[58], hex(frame.subarray(62, 78))]).toEqual([
      86,
      136,
      0x20,
      hex(Uint8Array.from(address)),
    ]);
    // RFC 1071: over pseudo header and message, checksum included, the sum is all ones.
    const summed = [...frame.subarray(22, 54), 0, 0, 0, 32, 0, 0, 0, 58, ...frame.subarray(54)];
    let sum = 0;
    for (let i = 0; i < summed.length; i += 2) sum += (summed[i] << 8) | summed[i + 1];
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    expect(sum).toBe(0xffff);
  });
});

describe('after a move', () => {
  it('every VM is announced on the new NIC, by MAC and by the addresses that are known', async () => {
    const running = await given({});
    running.run(50_000);
    expect(announced('nic0')).toEqual([]); // nobody has moved
    nicOf(running, 'nic0').setLink(false);
    running.run(2_000_000);
    const other = macOf(1);
    expect(announced('nic1')).toEqual([`8035 ${macOf(0)}`, `8035 ${other}`, `0806 ${other}`, `86dd ${other}`]);
    expect(announced('nic0')).toEqual([]);
    running.assertConserved();
  });

  it.each([10, 20, 30, 50])('each is announced exactly %i times, a second apart', async (count) => {
    const running = await given({ announce: { count, spacingMs: '1s' } });
    nicOf(running, 'nic0').setLink(false);
    running.run(500_000);
    const seen: number[] = [];
    for (let second = 0; second < count + 5; second++) {
      seen.push(announced('nic1').filter((one) => one === `8035 ${macOf(0)}`).length);
      running.run(1_000_000);
    }
    expect(seen).toEqual(Array.from({ length: count + 5 }, (_, second) => (second < count ? 1 : 0)));
    expect(announced('nic0')).toEqual([]);
  });

  it('a second move begins anew on the newest NIC', async () => {
    const running = await given({ announce: { count: 3, spacingMs: '1s' } });
    nicOf(running, 'nic0').setLink(false);
    running.run(500_000);
    nicOf(running, 'nic0').setLink(true);
    running.run(5_000_000);
    const ofFirst = (nic: string): number => announced(nic).filter((one) => one === `8035 ${macOf(0)}`).length;
    expect([ofFirst('nic1'), ofFirst('nic0')]).toEqual([1, 3]);
  });

  it('none is announced when none is asked for', async () => {
    const running = await given({ announce: { count: 0 } });
    nicOf(running, 'nic0').setLink(false);
    running.run(2_000_000);
    expect(announced('nic1')).toEqual([]);
  });

  it('thousands of VMs are all announced, in as many turns as it takes', async () => {
    const vms = Array.from({ length: 2000 }, (_, vm) => memoryVm(vm));
    const nics = [memoryNic('nic0'), memoryNic('nic1', { wireFrames: 4096 }, { role: 'standby' })];
    const running = await given({ nics, vms, memory: { poolFrames: 4096, txRingFrames: 8, rxRingFrames: 8 } });
    nicOf(running, 'nic0').setLink(false);
    running.run(1_000_000);
    expect(new Set(announced('nic1')).size).toBe(2000);
  });
});
