/**
 * What a packet of the simulated traffic is. The last bit says which way it goes: from the source of its flow to the sink
 * (0), or back (1). Only data is measured; what a connection is opened and closed with is not.
 */
export const PacketKind = { Data: 0, Ack: 1, Control: 2, Answer: 3 } as const;
export type PacketKind = (typeof PacketKind)[keyof typeof PacketKind];

/** Bits of the TCP header that say what a segment is for (RFC 9293 §3.1). */
export const TcpFlag = { Fin: 1, Syn: 2, Rst: 4, Psh: 8, Ack: 16 } as const;

/** As many selective acknowledgements as fit beside timestamps (RFC 2018 §3). */
export const MAX_SACKS = 3;

/**
 * A packet as the senders, the receivers and the network see it; in the host it is a frame of `bytes` bytes. One object
 * is used again and again, so that nothing is allocated for a packet.
 */
export class Packet {
  kind: PacketKind = PacketKind.Data;
  /** Number of the flow. */
  flow = 0;
  /** Of data: its place in the flow, from 0. Of an acknowledgement: the first place not yet received. */
  number = 0;
  /** When it was sent, in microseconds; an acknowledgement carries the stamp of what it acknowledges (RFC 7323 §4). */
  stampUs = 0;
  /** Length of the frame in bytes, without FCS. */
  bytes = 0;
  /** Flags of its TCP header; nothing where there is none. */
  flags: number = TcpFlag.Ack;
  /** Selective acknowledgements: `sacks[2 * i]` up to but not including `sacks[2 * i + 1]`. */
  sackCount = 0;
  readonly sacks = new Int32Array(2 * MAX_SACKS);
}
