import { MAX_SACKS, type Packet, type PacketKind } from './packet.ts';

/** Places of a packet's numbers where it is kept in an array; its stamp, which is no integer, is kept apart. */
export const PacketWord = { kind: 0, flow: 1, number: 2, bytes: 3, flags: 4, sackCount: 5, sacks: 6 } as const;
/** Numbers of a packet, with room for all blocks of its selective acknowledgement. */
export const PACKET_WORDS = PacketWord.sacks + 2 * MAX_SACKS;

/** Writes a packet's numbers, from `at` on. */
export function writePacket(words: Int32Array, at: number, packet: Packet): void {
  words[at + PacketWord.kind] = packet.kind;
  words[at + PacketWord.flow] = packet.flow;
  words[at + PacketWord.number] = packet.number;
  words[at + PacketWord.bytes] = packet.bytes;
  words[at + PacketWord.flags] = packet.flags;
  words[at + PacketWord.sackCount] = packet.sackCount;
  for (let i = 0; i < 2 * packet.sackCount; i++) words[at + PacketWord.sacks + i] = packet.sacks[i];
}

/** Reads them into `packet`. */
export function readPacket(words: Int32Array, at: number, packet: Packet): void {
  packet.kind = words[at + PacketWord.kind] as PacketKind;
  packet.flow = words[at + PacketWord.flow];
  packet.number = words[at + PacketWord.number];
  packet.bytes = words[at + PacketWord.bytes];
  packet.flags = words[at + PacketWord.flags];
  packet.sackCount = words[at + PacketWord.sackCount];
  for (let i = 0; i < 2 * packet.sackCount; i++) packet.sacks[i] = words[at + PacketWord.sacks + i];
}
