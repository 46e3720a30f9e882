import { CELLS, Column, MEASURES } from './state.ts';

/** See `TCP_RATES`. */
export type TcpRates = Float64Array;

/** How many new flows may be told for each opening: up to twice as many, and more by chance. */
const TOLD = 3;
/** Openings for each flow that was first seen to go on: of connections of few frames three in ten are. */
const OPENINGS = 3;
/** A connection goes on at least so often in each direction: a request or its answer, and the FIN. */
const STEPS = 2;

/**
 * What of a window's rates is of TCP connections.
 *
 * @param bps of the row
 * @param fps of the row
 * @param on new flows per second that went on when they were seen first
 */
export function tcpRates(
  cells: Float64Array,
  cell: number,
  { bps, fps, on }: { readonly bps: number; readonly fps: number; readonly on: number },
  into: TcpRates,
): void {
  const looked = cells[cell + Column.looked];
  const opened = cells[cell + Column.opened];
  const other = cells[cell + Column.other];
  // What each of them stands for, per second.
  const weight = looked === 0 ? 0 : fps / looked;
  into[0] = Math.max(0, bps - 8 * weight * cells[cell + Column.otherBytes]);
  into[1] = weight * (looked - opened - other);
  into[2] = weight * opened;
  into[3] = on;
}

/**
 * How much of each measure has come with connections that go on both ways.
 *
 * TCP is a closed loop: what goes on is answered at each second segment (RFC 9293, section 3.8.6.3), or seldomer by
 * receivers that merge. So of the frames that go on, those beyond the mean are answered when as many as that, divided by
 * the ratio, go on beyond the mean the other way. A VM goes on with nothing that has not been opened: it answers strays
 * with a reset (section 3.10.7.1), SYNs with SYN-ACK, and datagrams with what is no TCP. Openings
 * are answered when connections go on: for as many of them as new flows do, and as the frames that go on can be of.
 *
 * @returns frames per second of TCP beyond the mean that are not answered
 */
export function answered(
  cells: Float64Array,
  row: number,
  own: TcpRates,
  theirs: TcpRates,
  answerRatio: number,
  into: Float64Array,
): number {
  const growth = (of: number, rates: TcpRates, m: number): number =>
    Math.max(0, rates[m] - cells[of * CELLS + Column.tcpMean + m]);
  const goingOn = growth(row, own, 1);
  const openings = growth(row, own, 2);
  const on = Math.min(goingOn, answerRatio * growth(row ^ 1, theirs, 1));
  const opened = Math.min(openings, on / STEPS, OPENINGS * growth(row, own, 3));
  const part = on + opened === 0 ? 0 : (on + opened) / (goingOn + openings);
  into[0] = part * growth(row, own, 0);
  into[1] = on + opened;
  into[2] = TOLD * opened;
  return goingOn + openings - on - opened;
}

/** Whether the measures of a row, and the frames of the other direction, have grown alike, within a factor. */
export function grewAlike(
  cells: Float64Array,
  row: number,
  rates: Float64Array,
  theirFps: number,
  ratio: number,
): boolean {
  const growth = (of: number, m: number, rate: number): number =>
    rate / Math.max(1, cells[of * CELLS + Column.mean + m]);
  let most = growth(row ^ 1, 1, theirFps);
  let least = most;
  for (let m = 0; m < MEASURES.length; m++) {
    const own = growth(row, m, rates[m]);
    most = Math.max(most, own);
    least = Math.min(least, own);
  }
  return most <= ratio * least;
}
