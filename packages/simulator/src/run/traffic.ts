import type { Random } from '@fairlead/sdk';
import type { InboundWriters } from '../network/simulated-nic.ts';
import { EVERY_VM, isAttack, type NamedSender } from '../scenario/check.ts';
import type { Flow } from '../traffic/flow.ts';
import { type Address, FrameWriter, remoteAddress, vmAddress } from '../traffic/frame-codec.ts';
import type { Station } from '../traffic/station.ts';
import { addressesOf, endsOf, isTcp, type PlaceInEntry, SERVICE_PORT } from './ends.ts';
import type { Places } from './places.ts';

/** Ports are numbered from here, so that no two flows of a pair share theirs. */
const FIRST_PORT = 10_000;
const PORTS = 50_000;
const OUTSIDE = -1;

/** Who sends when a scenario does not say: kinds that come from beyond the NICs by nature. */
const COMES_FROM: Readonly<Partial<Record<NamedSender['kind'], string>>> = {
  clients: 'clients',
  'flash-crowd': 'clients',
  flood: 'attacker',
  scan: 'attacker',
};

/** Of several threads each has the flows that begin or end with it, under the numbers that all threads give them. */
export class Traffic {
  readonly flows: Flow[] = [];
  readonly inbound: (InboundWriters | undefined)[] = [];
  readonly #places: Places;
  readonly #remotes: string[] = [];
  readonly #randomFor: (stream: string) => Random;
  /** Flows so far, those of other threads among them. */
  count = 0;

  constructor(places: Places, senders: readonly NamedSender[], randomFor: (stream: string) => Random) {
    this.#places = places;
    this.#randomFor = randomFor;
    for (const [entry, sender] of senders.entries()) {
      const vms = sender.vm === EVERY_VM ? places.vms : [sender.vm];
      const count = vms.length * sender.flows;
      const peers = sender.to === EVERY_VM ? randomFor(`peers of ${sender.name}`) : undefined;
      for (let i = 0; i < count; i++) {
        const vm = vms[i % vms.length] as string;
        const to = peers === undefined ? {} : { to: this.#peerOf(vm, peers) };
        this.#add({ ...sender, vm, ...to }, entry, { number: i, count });
      }
    }
  }

  /** Any VM but the one that sends. */
  #peerOf(vm: string, random: Random): string {
    const { vms } = this.#places;
    const at = Math.floor(random.next() * vms.length);
    const peer = vms[at] === vm ? vms[(at + 1) % vms.length] : vms[at];
    return peer as string;
  }

  #address(vm: number, name: string, port: number): Address {
    if (vm !== OUTSIDE) return vmAddress(this.#places.macOf(vm), vm, port);
    if (!this.#remotes.includes(name)) this.#remotes.push(name);
    return remoteAddress(this.#remotes.indexOf(name), port);
  }

  #station(vm: number, outside: number): Station | undefined {
    return vm === OUTSIDE ? this.#places.networkOf(outside) : this.#places.guestOf(vm)?.station;
  }

  #add(sender: NamedSender, entry: number, place: PlaceInEntry): void {
    const places = this.#places;
    const id = this.count++;
    const { vm: name, kind, frameBytes } = sender;
    const comesIn = sender.from !== undefined || (COMES_FROM[kind] !== undefined && sender.to === undefined);
    const fromName = comesIn ? (sender.from ?? COMES_FROM[kind] ?? '') : name;
    const toName = comesIn ? name : (sender.to ?? 'network');
    const [fromVm, toVm, vm] = [places.numberOf(fromName), places.numberOf(toName), places.numberOf(name)];
    // Known to all threads in the same order, so that everyone beyond the NICs has the same address in each.
    const fromAddress = this.#address(fromVm, fromName, FIRST_PORT + (id % PORTS));
    const toAddress = this.#address(toVm, toName, SERVICE_PORT);
    const outside = places.homeOf(vm);
    const from = this.#station(fromVm, outside);
    const to = this.#station(toVm, outside);
    if (from === undefined && to === undefined) return;
    const local = toVm !== OUTSIDE && fromVm !== OUTSIDE && places.homeOf(fromVm) === places.homeOf(toVm);
    const direction = isAttack(kind) ? 'attack' : local ? 'local' : comesIn ? 'in' : 'out';
    const reliable = isTcp(sender);
    const flow = {
      ...{ id, entry, vm, fromVm, toVm, outside, direction, reliable, from, to },
      meter: places.meterOf(vm, direction),
      sentFrames: 0,
      sentBytes: 0,
      arrivedFrames: 0,
      arrivedBytes: 0,
    } as unknown as { -readonly [K in keyof Flow]: Flow[K] };
    [flow.source, flow.sink] = endsOf(sender, flow, place, this.#randomFor(`sender ${sender.name} ${place.number}`));
    this.flows[id] = flow;
    const ends = addressesOf(sender, fromAddress, toAddress, id);
    const data = new FrameWriter(ends.from, ends.to, reliable, frameBytes);
    const ack = new FrameWriter(ends.to, ends.from, reliable, ends.longestBack);
    this.inbound[id] = { data, ack };
    this.#settle(flow, fromVm, data);
    this.#settle(flow, toVm, ack);
  }

  /** Says to the VM at one end how it writes the frames of the flow; it knows it wherever it goes. */
  #settle(flow: Flow, vm: number, writer: FrameWriter): void {
    const guest = vm === OUTSIDE ? undefined : this.#places.guestOf(vm);
    if (guest === undefined) return;
    guest.station.address(flow.id, writer);
    if (flow.from === guest.station) guest.station.sources.push(flow.source);
  }
}
