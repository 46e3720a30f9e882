import { FrameBurst, FrameHeaders, type ObservedBatch } from '@fairlead/sdk';

const headers = new FrameHeaders();
const frames = new FrameBurst(new Uint8Array(1), 256, 1);

/** Batches of frames from (or to) these addresses, in their order. */
export function* batches(
  addresses: Iterable<number>,
  { vm = 0, weight = 1, direction = 'inbound' as ObservedBatch['direction'], tcp = 0 } = {},
): Iterable<ObservedBatch> {
  const column = direction === 'inbound' ? headers.source : headers.destination;
  let count = 0;
  const batch = (): ObservedBatch => {
    frames.count = count;
    return {
      vm,
      direction,
      nowUs: 0,
      weight,
      sinceUs: 0,
      untilUs: Infinity,
      count,
      bytes: count * 60,
      headers,
      frames,
    };
  };
  for (const address of addresses) {
    headers.tcpFlags[count] = tcp;
    column[count++] = address;
    if (count < 256) continue;
    yield batch();
    count = 0;
  }
  if (count > 0) yield batch();
}

/** Every so manyth of the frames has this address; the others have those from 10.0.0.0 on, in turn. */
export function* mixed(count: number, part: number, address: number, others = 50): Iterable<number> {
  for (let i = 0, sent = 0; i < count; i++) {
    const isIts = Math.floor((i + 1) * part) > sent;
    if (isIts) sent++;
    yield isIts ? address : 0x0a000000 + (i % others);
  }
}
