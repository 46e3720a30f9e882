import type { RingGroup } from '@fairlead/core';
import { FrameReader } from '../traffic/frame-codec.ts';
import { Packet, PacketKind } from '../traffic/packet.ts';
import type { Stage } from './script.ts';

/** Adds up the frames of data that are on their way at this moment, by flow: in a ring of the host, or in the network. */
export function framesUnderWay({ host, network }: Pick<Stage, 'host' | 'network'>, byFlow: Int32Array): Int32Array {
  const { txRings, rxRings, nicRings, pool } = host.arena;
  const reader = new FrameReader(pool.memory);
  const packet = new Packet();
  const countIn = (rings: RingGroup, ring: number): void => {
    for (let i = 0; i < rings.length(ring); i++) {
      const descriptor = rings.entry(ring, i);
      const known = reader.read(pool.offset(descriptor >>> pool.lengthBits), descriptor & pool.lengthMask, packet);
      if (known && packet.kind === PacketKind.Data) byFlow[packet.flow]++;
    }
  };
  for (let vm = 0; vm < host.config.vms.length; vm++) {
    countIn(txRings, vm);
    countIn(rxRings, vm);
  }
  for (let nic = 0; nic < host.config.nics.length; nic++) countIn(nicRings, nic);
  network.landing.tally(PacketKind.Data, byFlow);
  for (const { out, in: inbound } of network.cables) {
    out.queue.tally(PacketKind.Data, byFlow);
    inbound.queue.tally(PacketKind.Data, byFlow);
  }
  return byFlow;
}
