import { mix, word } from './mix.ts';
import type { Layer } from './options.ts';
import { Packet } from './packet.ts';

/** A hash of the frame of `bytes` bytes that begins at `start`; reads nothing of the memory but the frame. */
export type HashFrame = (memory: Uint8Array, start: number, bytes: number) => number;

/**
 * The hash of a layer. Both directions of a flow have the same one, so that what answers it, an ICMP error too, goes its way
 * where the other side hashes alike. Frames that are not IP, or too short to say, are hashed by their MAC addresses and
 * type in place of layers 3 and 4, as in bonding.
 */
export function hashOf(layer: Layer, encapsulated: boolean): HashFrame {
  const packet = new Packet();
  switch (layer) {
    case 'src-mac':
      return (memory, start, bytes) => sourceHash(memory, start, start + bytes);
    case 'vlan+src-mac':
      return (memory, start, bytes) => {
        packet.readTags(memory, start, start + bytes);
        return mix(sourceHash(memory, start, start + bytes) + packet.vlans);
      };
    case 'layer2':
      return (memory, start, bytes) => {
        packet.readTags(memory, start, start + bytes);
        return ethernetHash(packet, memory, start, start + bytes);
      };
    case 'layer2+3':
      return (memory, start, bytes) => {
        const end = start + bytes;
        packet.readTags(memory, start, end);
        const ethernet = ethernetHash(packet, memory, start, end);
        return packet.readPacket(memory, end, encapsulated) ? mix(ethernet + packet.addresses) : ethernet;
      };
    case 'layer3+4':
      return (memory, start, bytes) => {
        const end = start + bytes;
        packet.readTags(memory, start, end);
        if (!packet.readPacket(memory, end, encapsulated)) return ethernetHash(packet, memory, start, end);
        return mix(packet.addresses + packet.ports);
      };
  }
}

/** Of a MAC address, its first four bytes and its last four. */
function macHash(memory: Uint8Array, at: number): number {
  return mix(mix(word(memory, at)) ^ word(memory, at + 2));
}

function sourceHash(memory: Uint8Array, start: number, end: number): number {
  return start + 12 <= end ? macHash(memory, start + 6) : 0;
}

function ethernetHash({ type }: Packet, memory: Uint8Array, start: number, end: number): number {
  if (start + 12 > end) return 0;
  return mix(macHash(memory, start) + macHash(memory, start + 6) + type);
}
