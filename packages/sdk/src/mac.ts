import { FairleadError } from './errors.ts';

/** Shortest Ethernet frame that has a whole header: destination, source, type. */
export const ETHERNET_HEADER_BYTES = 14;

const MAC = /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i;

/**
 * Reads `52:54:00:00:00:01` (or with dashes) into six bytes.
 * @throws FairleadError `FAIRLEAD_ERR_MAC` when it is not a unicast MAC address of six hexadecimal bytes.
 * @example
 * ```ts
 * import { formatMac, parseMac } from '@fairlead/sdk';
 *
 * const mac = parseMac('52:54:00:00:00:0a');
 * console.log(formatMac(mac)); // 52:54:00:00:00:0a
 * ```
 */
export function parseMac(text: string): Uint8Array {
  if (!MAC.test(text)) {
    throw new FairleadError('FAIRLEAD_ERR_MAC', `"${text}" is not a MAC address`, {
      mend: 'write six hexadecimal bytes with colons, as 52:54:00:00:00:01',
    });
  }
  const bytes = Uint8Array.from(text.split(/[:-]/), (byte) => Number.parseInt(byte, 16));
  if ((bytes[0] & 1) === 1) {
    throw new FairleadError('FAIRLEAD_ERR_MAC', `"${text}" is a group address, which no VM can have`, {
      mend: 'make the first byte even, as in 52:54:00:00:00:01',
    });
  }
  return bytes;
}

/**
 * Writes six bytes as `52:54:00:00:00:01`.
 *
 * @example
 * ```ts
 * import { ETHERNET_HEADER_BYTES, formatMac } from '@fairlead/sdk';
 *
 * // The source of a frame: six bytes behind the six of the destination.
 * function sourceOf(frame: Uint8Array): string {
 *   return frame.length < ETHERNET_HEADER_BYTES ? 'no frame' : formatMac(frame, 6);
 * }
 * ```
 */
export function formatMac(bytes: Uint8Array, offset = 0): string {
  return Array.from(bytes.subarray(offset, offset + 6), (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/**
 * First four bytes of a MAC as the little-endian word that `VmTable.macWord0` holds.
 *
 * @example
 * ```ts
 * import { macWord0, macWord1, parseMac, type VmTable } from '@fairlead/sdk';
 *
 * // The row of the VM that has an address; -1 when none has.
 * function rowOf(vms: VmTable, address: string): number {
 *   const mac = parseMac(address);
 *   for (let vm = 0; vm < vms.count; vm++) {
 *     if (vms.macWord0[vm] === macWord0(mac) && vms.macWord1[vm] === macWord1(mac)) return vm;
 *   }
 *   return -1;
 * }
 * ```
 */
export function macWord0(mac: Uint8Array): number {
  return mac[0] | (mac[1] << 8) | (mac[2] << 16) | (mac[3] << 24);
}

/**
 * Last two bytes of a MAC as the little-endian half word that `VmTable.macWord1` holds.
 *
 * @example
 * ```ts
 * import { macWord1, parseMac } from '@fairlead/sdk';
 *
 * console.log(macWord1(parseMac('52:54:00:00:0a:01')).toString(16)); // 10a: the last byte is the high one
 * ```
 */
export function macWord1(mac: Uint8Array): number {
  return mac[4] | (mac[5] << 8);
}
