import type { LinkEnd, NetworkLab } from './namespaces.ts';

/** An answer to a ping. */
interface Pong {
  readonly sequence: number;
  /** When it came, by `performance.now()`. */
  readonly atMs: number;
  readonly rttMs: number;
}

/** What came of some pings. */
export interface Pings {
  readonly sent: number;
  /** Each as often as it came. */
  readonly pongs: readonly Pong[];
}

/** Pings from a namespace, one every `everyMs`, whether answered or not; the last answers may be 5 s late. */
export async function pings(
  lab: NetworkLab,
  { namespace }: LinkEnd,
  to: string,
  count: number,
  everyMs = 10,
): Promise<Pings> {
  if (namespace === undefined) throw new Error('pings come from a namespace');
  const argv = ['ping', '-D', '-n', '-c', `${count}`, '-i', `${everyMs / 1_000}`, '-W', '5', to];
  const { stdout, stderr } = await lab.run(namespace, argv, { timeoutMs: count * everyMs * 2 + 15_000 });
  const sent = Number(/(\d+) packets transmitted/.exec(stdout)?.[1]);
  if (!(sent > 0)) throw new Error(`ping ${to}: ${stdout.slice(-500)} ${stderr}`);
  const answers = stdout.matchAll(/^\[([\d.]+)\] .* icmp_seq=(\d+) ttl=\d+ time=([\d.]+) ms/gm);
  const pongs = [...answers].map(([, seconds, sequence, time]) => ({
    sequence: Number(sequence),
    atMs: Number(seconds) * 1_000 - performance.timeOrigin,
    rttMs: Number(time),
  }));
  return { sent, pongs };
}

/** Times of the answers that came from `fromMs` until `untilMs`. */
export function rttsBetween({ pongs }: Pings, fromMs: number, untilMs: number): number[] {
  return pongs.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs).map(({ rttMs }) => rttMs);
}

/** The value below which this part of the values is: 0.5 is the median. */
export function quantile(values: Iterable<number>, part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] as number;
}
