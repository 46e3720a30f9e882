import { FrameBurst, FrameHeaders, type ObservedBatch, TcpFlag } from '@fairlead/sdk';

/** What a detector sees of a frame; TCP, unless said otherwise. */
export interface Seen {
  readonly source?: number;
  readonly destination?: number;
  readonly fromPort?: number;
  readonly toPort?: number;
  readonly protocol?: number;
  readonly flags?: number;
}

const TCP = 6;
export const UDP = 17;
export const ICMP = 1;
export const { Ack, Fin, Psh, Rst, Syn, Urg } = TcpFlag;

const headers = new FrameHeaders();
const frames = new FrameBurst(new Uint8Array(1), 256, 1);

/** Batches of these frames, in their order. */
export function* batches(
  seen: Iterable<Seen>,
  { vm = 0, direction = 'outbound' }: { vm?: number; direction?: ObservedBatch['direction'] } = {},
): Iterable<ObservedBatch> {
  let count = 0;
  const batch = (): ObservedBatch => {
    frames.count = count;
    return {
      vm,
      direction,
      nowUs: 0,
      weight: 1,
      sinceUs: 0,
      untilUs: Infinity,
      count,
      bytes: count * 60,
      headers,
      frames,
    };
  };
  for (const { source = 1, destination = 2, fromPort = 50_000, toPort = 80, protocol = TCP, flags = 0 } of seen) {
    headers.source[count] = source;
    headers.destination[count] = destination;
    headers.ports[count] = (fromPort << 16) | toPort;
    headers.protocol[count] = protocol;
    headers.tcpFlags[count] = flags;
    if (++count < 256) continue;
    yield batch();
    count = 0;
  }
  if (count > 0) yield batch();
}

/** So many frames, made from their number. */
export function many(count: number, make: (i: number) => Seen): Seen[] {
  return Array.from({ length: count }, (_, i) => make(i));
}
