import type { LinkVerdict } from '@fairlead/sdk';

/** What beacons tell of one member. */
export interface Finding {
  readonly verdict: LinkVerdict;
  readonly why: string;
}

/**
 * Judges members by who hears whom. Two members are connected when each hears the other; those that are connected, also
 * through third ones, form a part of the network.
 *
 * ```
 *   nic0 ◄─► nic1        nic0, nic1: up              nic0    nic1      both ambiguous: it may be
 *   nic2                 nic2: down, the odd one                      either, or what is between
 * ```
 */
export function judge(
  members: readonly number[],
  hears: (listener: number, sender: number) => boolean,
): Map<number, Finding> {
  const parts = partsOf(members, (a, b) => hears(a, b) && hears(b, a));
  const [largest = [], second = []] = [...parts].sort((a, b) => b.length - a.length);
  const findings = new Map<number, Finding>();
  for (const part of parts) {
    for (const nic of part) {
      const others = part.filter((other) => other !== nic).join(', ');
      if (part.length > 1 && part === largest && second.length < part.length)
        findings.set(nic, { verdict: 'up', why: `exchanges beacons with NIC ${others}` });
      else if (part.length > 1)
        findings.set(nic, { verdict: 'ambiguous', why: `exchanges beacons with NIC ${others} alone` });
      else if (largest.length > 1)
        findings.set(nic, { verdict: 'down', why: `${alone(nic)} (${largest.join(', ')} do)` });
      else findings.set(nic, { verdict: 'ambiguous', why: 'no two members exchange beacons' });
    }
  }
  return findings;

  function alone(nic: number): string {
    if (members.some((other) => hears(nic, other))) return 'it hears beacons, and nobody hears its own';
    if (members.some((other) => hears(other, nic))) return 'its beacons are heard, and it hears none';
    return 'it neither hears beacons nor is heard';
  }
}

/** The connected parts, each in the order of the members. */
function partsOf(members: readonly number[], connected: (a: number, b: number) => boolean): number[][] {
  const parts: number[][] = [];
  const left = new Set(members);
  for (const first of members) {
    if (!left.delete(first)) continue;
    const part = [first];
    for (const nic of part) {
      for (const other of left) {
        if (!connected(nic, other)) continue;
        left.delete(other);
        part.push(other);
      }
    }
    parts.push(part.sort((a, b) => members.indexOf(a) - members.indexOf(b)));
  }
  return parts;
}
