import { FrameBurst, FrameHeaders, type ObservedBatch, TcpFlag } from '@fairlead/sdk';

/** What passes a VM in a window: frames of equal length, dealt over so many flows, numbered from the first on. */
export interface Passing {
  readonly frames: number;
  readonly frameBytes?: number;
  readonly flows?: number;
  readonly firstFlow?: number;
  readonly vm?: number;
  /** Frames that each stands for. */
  readonly weight?: number;
  readonly direction?: ObservedBatch['direction'];
  /** Flags of TCP that all have; the first frame of each flow has a SYN in place of what goes on. No TCP when left out. */
  readonly tcp?: number;
}

const headers = new FrameHeaders();
const frames = new FrameBurst(new Uint8Array(1), 256, 1);

/** The batches of a window. Flows are hashed as if at random, and the headers are those of the batch before. */
export function* batches(passing: Passing): Iterable<ObservedBatch> {
  const {
    frames: total,
    frameBytes = 1000,
    flows = 1,
    firstFlow = 0,
    vm = 0,
    weight = 1,
    direction = 'inbound',
    tcp = 0,
  } = passing;
  for (let sent = 0; sent < total; sent += 256) {
    const count = Math.min(256, total - sent);
    for (let i = 0; i < count; i++) {
      headers.flow[i] = scatter(firstFlow + ((sent + i) % flows));
      headers.tcpFlags[i] = tcp === 0 || sent + i >= flows ? tcp : TcpFlag.Syn;
      frames.bytes[i] = frameBytes;
    }
    frames.count = count;
    yield {
      vm,
      direction,
      nowUs: 0,
      weight,
      sinceUs: 0,
      untilUs: Infinity,
      count,
      bytes: count * frameBytes,
      headers,
      frames,
    };
  }
}

/** A number for each number, each as likely (the last step of MurmurHash3, Appleby 2011). */
function scatter(value: number): number {
  const half = Math.imul(value ^ (value >>> 16) ^ 0x2545f491, 0x85ebca6b);
  const whole = Math.imul(half ^ (half >>> 13), 0xc2b2ae35);
  return whole ^ (whole >>> 16);
}
