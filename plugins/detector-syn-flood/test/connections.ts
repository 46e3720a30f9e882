import { FrameBurst, FrameHeaders, type ObservedBatch, TcpFlag } from '@fairlead/sdk';

/** A frame of TCP: its flags, the hash of its flow, and whether it goes against the connection. */
export interface Segment {
  readonly flags: number;
  readonly flow: number;
  readonly isAnswer?: boolean;
}

const { Ack, Fin, Rst, Syn } = TcpFlag;
/** What the one who asks for a connection sends when it goes on, and what the other may answer. */
export const GOES_ON = [Ack];
export const CLOSES = [Ack | Fin];

/**
 * So many connections, asked for one after the other. Each goes on with a frame of `next` when `lag` others were asked
 * for; it is refused, or aborted by a stray reset, when `answer` says so.
 */
export function* connections(
  count: number,
  { first, next = [], answer, lag = 5 }: { first: number; next?: readonly number[]; answer?: number; lag?: number },
): Iterable<Segment> {
  for (let i = 0; i < count + lag; i++) {
    if (i < count) yield { flags: Syn, flow: scatter(first + i) };
    if (i < lag) continue;
    if (answer !== undefined) yield { flags: answer, flow: scatter(~(first + i - lag)), isAnswer: true };
    for (const flags of next) yield { flags, flow: scatter(first + i - lag) };
  }
}

export const REFUSED = Rst | Ack;
export const STRAY = Rst;

const headers = new FrameHeaders();
const frames = new FrameBurst(new Uint8Array(1), 256, 1);

/** How frames are shown. */
export type Shown = Pick<ObservedBatch, 'weight' | 'nowUs' | 'sinceUs' | 'untilUs'>;
const ALL: Shown = { weight: 1, nowUs: 0, sinceUs: 0, untilUs: Infinity };

/** A batch for each segment: in this direction, or the other one when it is an answer. */
export function* batches(
  segments: Iterable<Segment>,
  vm: number,
  direction: ObservedBatch['direction'],
  shown: Shown = ALL,
): Iterable<ObservedBatch> {
  const other = direction === 'inbound' ? 'outbound' : 'inbound';
  frames.count = 1;
  for (const { flags, flow, isAnswer = false } of segments) {
    headers.tcpFlags[0] = flags;
    headers.flow[0] = flow;
    yield { vm, direction: isAnswer ? other : direction, ...shown, count: 1, bytes: 60, headers, frames };
  }
}

/** A number for each number, each as likely (the last step of MurmurHash3, Appleby 2011). */
function scatter(value: number): number {
  const half = Math.imul(value ^ (value >>> 16) ^ 0x2545f491, 0x85ebca6b);
  const whole = Math.imul(half ^ (half >>> 13), 0xc2b2ae35);
  return whole ^ (whole >>> 16);
}
