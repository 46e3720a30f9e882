import { FrameBurst, FrameHeaders, type ObservedBatch, TcpFlag } from '@fairlead/sdk';

const headers = new FrameHeaders();
const frames = new FrameBurst(new Uint8Array(1), 256, 1);

/** What passes in a window: frames from (or to) so many addresses in turn, the first of which is given. */
export interface Passing {
  readonly frames: number;
  readonly addresses: number;
  readonly first?: number;
  /** Frames of TCP with ACK, where SYNs are meant otherwise. */
  readonly goesOn?: boolean;
  readonly vm?: number;
  /** Frames that each stands for. */
  readonly weight?: number;
  readonly direction?: ObservedBatch['direction'];
}

export function* batches(passing: Passing): Iterable<ObservedBatch> {
  const { frames: total, addresses, first = 1, goesOn = false, vm = 0, weight = 1, direction = 'inbound' } = passing;
  const column = direction === 'inbound' ? headers.source : headers.destination;
  for (let sent = 0; sent < total; sent += 256) {
    const count = Math.min(256, total - sent);
    for (let i = 0; i < count; i++) {
      column[i] = scatter(first + ((sent + i) % addresses));
      headers.tcpFlags[i] = goesOn ? TcpFlag.Ack : TcpFlag.Syn;
    }
    frames.count = count;
    yield { vm, direction, nowUs: 0, weight, sinceUs: 0, untilUs: Infinity, count, bytes: count * 60, headers, frames };
  }
}

/** A number for each number, each as likely (the last step of MurmurHash3, Appleby 2011). */
function scatter(value: number): number {
  const half = Math.imul(value ^ (value >>> 16) ^ 0x2545f491, 0x85ebca6b);
  const whole = Math.imul(half ^ (half >>> 13), 0xc2b2ae35);
  return whole ^ (whole >>> 16);
}
