const TAG_AT = 12;
const TAG_BYTES = 4;

/**
 * Puts a VLAN tag (TPID in the upper half of `tag`, TCI in the lower; IEEE 802.1Q §9) back behind the addresses of the
 * frame at `offset`, whose first `bytes` bytes are in memory. The four bytes after it must be the caller's to write.
 */
export function insertVlanTag(memory: Uint8Array, offset: number, bytes: number, tag: number): void {
  const at = offset + TAG_AT;
  memory.copyWithin(at + TAG_BYTES, at, offset + bytes);
  memory[at] = tag >>> 24;
  memory[at + 1] = tag >>> 16;
  memory[at + 2] = tag >>> 8;
  memory[at + 3] = tag;
}

/** Bytes that a tag adds to a frame. */
export const VLAN_TAG_BYTES = TAG_BYTES;
