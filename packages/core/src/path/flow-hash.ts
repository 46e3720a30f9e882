import { HEADROOM_BYTES } from '../memory/frame-pool.ts';

const TYPE_IPV4 = 0x0800;
const TYPE_IPV6 = 0x86dd;
const TYPE_VLAN = 0x8100; // IEEE 802.1Q C-tag
const TYPE_QINQ = 0x88a8; // IEEE 802.1ad S-tag
const TCP = 6;
const UDP = 17;

/**
 * A hash of the frame's flow: MAC addresses, and for IPv4 and IPv6 the addresses, protocol and, unless the packet is a
 * fragment, the ports (RFC 2992 on why a flow must keep its path). Tags are looked through, two at most. Never reads
 * past the frame: whatever is cut short is left out of the hash.
 */
export function flowHash(memory: Uint8Array, slotOffset: number, bytes: number): number {
  const start = slotOffset + HEADROOM_BYTES;
  const end = start + bytes;
  let hash = 0;
  for (let at = start; at < start + 12; at += 4) hash = mix(hash, word(memory, at));
  let at = start + 12;
  let type = (memory[at] << 8) | memory[at + 1];
  for (let tags = 0; tags < 2 && (type === TYPE_VLAN || type === TYPE_QINQ) && at + 6 <= end; tags++) {
    at += 4;
    type = (memory[at] << 8) | memory[at + 1];
  }
  at += 2;
  let protocol = 0;
  let ports = 0;
  if (type === TYPE_IPV4 && at + 20 <= end) {
    hash = mix(mix(hash, word(memory, at + 12)), word(memory, at + 16));
    protocol = memory[at + 9];
    const fragment = ((memory[at + 6] & 0x3f) | memory[at + 7]) !== 0;
    ports = fragment ? 0 : at + (memory[at] & 0x0f) * 4;
  } else if (type === TYPE_IPV6 && at + 40 <= end) {
    for (let part = at + 8; part < at + 40; part += 4) hash = mix(hash, word(memory, part));
    protocol = memory[at + 6];
    ports = at + 40;
  }
  hash = mix(hash, protocol);
  if (ports !== 0 && (protocol === TCP || protocol === UDP) && ports + 4 <= end) hash = mix(hash, word(memory, ports));
  hash ^= hash >>> 16;
  return Math.imul(hash, 0x85ebca6b) ^ (hash >>> 13);
}

function word(memory: Uint8Array, at: number): number {
  return (memory[at] << 24) | (memory[at + 1] << 16) | (memory[at + 2] << 8) | memory[at + 3];
}

function mix(hash: number, value: number): number {
  const mixed = hash ^ Math.imul(value, 0xcc9e2d51);
  return Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64;
}
