import type { LinkEnd, NetworkLab } from './namespaces.ts';

/** What came of some pings. */
export interface Pings {
  readonly sent: number;
  /** Times of the answers, by sequence number, in milliseconds. */
  readonly rttMs: ReadonlyMap<number, number>;
  /** Answers that came more than once. */
  readonly twice: number;
}

/** Pings from a namespace, one every `everyMs`, whether answered or not. */
export async function pings(
  lab: NetworkLab,
  { namespace }: LinkEnd,
  to: string,
  count: number,
  everyMs = 10,
): Promise<Pings> {
  if (namespace === undefined) throw new Error('pings come from a namespace');
  const argv = ['ping', '-n', '-c', `${count}`, '-i', `${everyMs / 1_000}`, '-W', '1', to];
  const { stdout, stderr } = await lab.run(namespace, argv, { timeoutMs: count * everyMs + 15_000 });
  const sent = Number(/(\d+) packets transmitted/.exec(stdout)?.[1]);
  if (!(sent > 0)) throw new Error(`ping ${to}: ${stdout.slice(-500)} ${stderr}`);
  const rttMs = new Map<number, number>();
  let twice = 0;
  for (const [, sequence, time] of stdout.matchAll(/icmp_seq=(\d+) ttl=\d+ time=([\d.]+) ms/g)) {
    if (rttMs.has(Number(sequence))) twice++;
    else rttMs.set(Number(sequence), Number(time));
  }
  return { sent, rttMs, twice };
}

/** The value below which this part of the values is: 0.5 is the median. */
export function quantile(values: Iterable<number>, part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] as number;
}
