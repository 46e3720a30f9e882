// The local VMs' MAC addresses, as the fused path looks them up: open addressing, two words an entry (the low half; the
// high half + 1, or 0 where nobody is), at a load of at most a quarter.

function hash(low: number, high: number): number {
  return Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b) >>> 8;
}

export function macTable(vms: number): Int32Array {
  let entries = 16;
  while (entries < vms * 4) entries *= 2;
  return new Int32Array(new SharedArrayBuffer(entries * 8));
}

export function addMac(table: Int32Array, low: number, high: number): void {
  const mask = (table.length >> 1) - 1;
  let at = hash(low, high) & mask;
  while (table[at * 2 + 1] !== 0) at = (at + 1) & mask;
  table[at * 2] = low;
  table[at * 2 + 1] = high + 1;
}

export function hasMac(table: Int32Array, low: number, high: number): boolean {
  const mask = (table.length >> 1) - 1;
  for (let at = hash(low, high) & mask; ; at = (at + 1) & mask) {
    if (table[at * 2] === low && table[at * 2 + 1] === high + 1) return true;
    if (table[at * 2 + 1] === 0) return false;
  }
}
