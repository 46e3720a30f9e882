import type { Host } from '@fairlead/core';
import type { Random } from '@fairlead/sdk';
import { Meter } from '../measure/meter.ts';
import type { Network } from '../network/network.ts';
import type { InboundWriters } from '../network/simulated-nic.ts';
import { EVERY_VM, isAttack, type NamedSender, type Scenario } from '../scenario/check.ts';
import type { Flow } from '../traffic/flow.ts';
import { type Address, FrameWriter, remoteAddress, vmAddress } from '../traffic/frame-codec.ts';
import { GuestStation, type SimulatedGuest } from '../traffic/guest.ts';
import type { Station } from '../traffic/station.ts';
import { addressesOf, endsOf, isTcp, type PlaceInEntry, SERVICE_PORT } from './ends.ts';

/** Ports are numbered from here, so that no two flows of a pair share theirs. */
const FIRST_PORT = 10_000;
const PORTS = 50_000;

/** Who sends when a scenario does not say: kinds that come from beyond the NICs by nature. */
const COMES_FROM: Readonly<Partial<Record<NamedSender['kind'], string>>> = {
  clients: 'clients',
  'flash-crowd': 'clients',
  flood: 'attacker',
  scan: 'attacker',
};

/** The flows of a simulation and the writers of what comes from the network. */
export class Traffic {
  readonly flows: Flow[] = [];
  readonly meters: Meter[] = [];
  readonly inbound: (InboundWriters | undefined)[] = [];
  readonly #host: Host;
  readonly #network: Network;
  readonly #scenario: Scenario;
  readonly #remotes: string[] = [];
  readonly #randomFor: (stream: string) => Random;

  constructor(host: Host, network: Network, scenario: Scenario, randomFor: (stream: string) => Random) {
    this.#host = host;
    this.#network = network;
    this.#scenario = scenario;
    this.#randomFor = randomFor;
    for (const [entry, sender] of scenario.named.entries()) {
      const vms = sender.vm === EVERY_VM ? host.config.vms.map(({ name }) => name) : [sender.vm];
      const count = vms.length * sender.flows;
      for (let i = 0; i < count; i++) {
        const vm = vms[i % vms.length] as string;
        this.#add({ ...sender, vm }, entry, { number: i, count });
      }
    }
    network.serve(this.flows);
    for (const { name } of host.config.vms) host.device<SimulatedGuest>(name).serve(this.flows);
  }

  #station(name: string): Station {
    return this.#vmNumber(name) < 0 ? this.#network : this.#host.device<SimulatedGuest>(name).station;
  }

  #vmNumber(name: string): number {
    return this.#host.config.vms.findIndex((vm) => vm.name === name);
  }

  #address(name: string, port: number): Address {
    const vm = this.#vmNumber(name);
    if (vm >= 0) return vmAddress(this.#host.config.vms[vm]?.mac ?? '', vm, port);
    if (!this.#remotes.includes(name)) this.#remotes.push(name);
    return remoteAddress(this.#remotes.indexOf(name), port);
  }

  #add(sender: NamedSender, entry: number, place: PlaceInEntry): void {
    const id = this.flows.length;
    const { vm, kind, frameBytes } = sender;
    const comesIn = sender.from !== undefined || (COMES_FROM[kind] !== undefined && sender.to === undefined);
    const from = comesIn ? (sender.from ?? COMES_FROM[kind] ?? '') : vm;
    const to = comesIn ? vm : (sender.to ?? 'network');
    const local = this.#vmNumber(to) >= 0 && this.#vmNumber(from) >= 0;
    const direction = isAttack(kind) ? 'attack' : local ? 'local' : comesIn ? 'in' : 'out';
    const reliable = isTcp(sender);
    const flow = {
      id,
      entry,
      vm: this.#vmNumber(vm),
      direction,
      reliable,
      from: this.#station(from),
      to: this.#station(to),
      meter: this.#meter(this.#vmNumber(vm), direction),
      sentFrames: 0,
      sentBytes: 0,
      arrivedFrames: 0,
      arrivedBytes: 0,
    } as unknown as { -readonly [K in keyof Flow]: Flow[K] };
    const random = this.#randomFor(`sender ${sender.name} ${place.number}`);
    [flow.source, flow.sink] = endsOf(sender, flow, place, random);
    this.flows.push(flow);
    const fromAddress = this.#address(from, FIRST_PORT + (id % PORTS));
    const toAddress = this.#address(to, SERVICE_PORT);
    const ends = addressesOf(sender, fromAddress, toAddress, id);
    const data = new FrameWriter(ends.from, ends.to, reliable, frameBytes);
    const ack = new FrameWriter(ends.to, ends.from, reliable, ends.longestBack);
    for (const station of [flow.from, flow.to]) if (station instanceof GuestStation) station.address(id, { data, ack });
    this.inbound[id] = { data, ack };
  }

  #meter(vm: number, direction: Meter['direction']): Meter {
    const known = this.meters.find((meter) => meter.vm === vm && meter.direction === direction);
    if (known !== undefined) return known;
    const meter = new Meter(vm, direction, this.#scenario.warmUp);
    this.meters.push(meter);
    return meter;
  }
}
