import { formatMac, macWord0, macWord1, type VmTable } from '@fairlead/sdk';
import { testVms } from '@fairlead/sdk/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MacTable } from '../../src/memory/mac-table.ts';

function tableOf(addresses: readonly Uint8Array[]): VmTable {
  const vms = testVms(addresses.map(() => ({})));
  for (const [vm, mac] of addresses.entries()) {
    vms.macWord0[vm] = macWord0(mac);
    vms.macWord1[vm] = macWord1(mac);
  }
  return vms;
}

/** The two words in which a slot holds a destination address. */
const destinationWords = (mac: Uint8Array): [number, number] => {
  const view = new DataView(mac.buffer, mac.byteOffset, 6);
  return [view.getUint16(0, true), view.getInt32(2, true)];
};

const address = fc.uint8Array({ minLength: 6, maxLength: 6 }).map((mac) => Uint8Array.from(mac));
/** Addresses that differ in one byte only: they collide most easily. */
const neighbours = fc
  .tuple(fc.integer({ min: 0, max: 5 }), fc.uniqueArray(fc.integer({ min: 0, max: 255 }), { maxLength: 100 }))
  .map(([at, values]) =>
    values.map((value) => {
      const mac = new Uint8Array(6);
      mac[at] = value;
      return mac;
    }),
  );

describe('the table of MAC addresses', () => {
  it('finds exactly the VMs there are, as a Map does', () => {
    const several = fc.oneof(fc.uniqueArray(address, { selector: (mac) => formatMac(mac), maxLength: 60 }), neighbours);
    fc.assert(
      fc.property(several, fc.array(address, { maxLength: 30 }), (addresses, others) => {
        const table = new MacTable(tableOf(addresses));
        const model = new Map(addresses.map((mac, vm) => [formatMac(mac), vm]));
        for (const mac of [...addresses, ...others]) {
          const vm = model.get(formatMac(mac)) ?? -1;
          expect(table.lookup(...destinationWords(mac))).toBe(vm);
          expect(table.lookupSource(macWord0(mac), macWord1(mac))).toBe(vm);
        }
      }),
    );
  });

  it('holds ten thousand VMs', () => {
    const addresses = Array.from({ length: 10_000 }, (_, vm) => Uint8Array.of(0x52, 0x54, 0, 0, vm >>> 8, vm & 0xff));
    const table = new MacTable(tableOf(addresses));
    expect(addresses.every((mac, vm) => table.lookup(...destinationWords(mac)) === vm)).toBe(true);
  });

  it('finds nobody when there is no VM', () => {
    expect(new MacTable(tableOf([])).lookup(0, 0)).toBe(-1);
  });
});
