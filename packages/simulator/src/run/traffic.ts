import type { Host } from '@fairlead/core';
import type { Random } from '@fairlead/sdk';
import { Meter } from '../measure/meter.ts';
import type { Network } from '../network/network.ts';
import type { InboundWriters } from '../network/simulated-nic.ts';
import type { NamedSender, Scenario } from '../scenario/check.ts';
import { Cubic, Reno } from '../traffic/congestion.ts';
import { DatagramReceiver } from '../traffic/datagram-receiver.ts';
import { DatagramSender } from '../traffic/datagram-sender.ts';
import type { Flow, Sink, Source } from '../traffic/flow.ts';
import { type Address, FrameWriter, remoteAddress, TCP_PAYLOAD_AT, vmAddress } from '../traffic/frame-codec.ts';
import { GuestStation, type SimulatedGuest } from '../traffic/guest.ts';
import { BurstPace, OnOffPace, type Pace, SteadyPace } from '../traffic/pace.ts';
import type { Station } from '../traffic/station.ts';
import { TcpReceiver } from '../traffic/tcp-receiver.ts';
import { TcpSender } from '../traffic/tcp-sender.ts';

/** Ports are numbered from here, so that no two flows of a pair share theirs. */
const FIRST_PORT = 10_000;
const PORTS = 50_000;
const SERVICE_PORT = 443;
const LONGEST_ACK_BYTES = 256;
const DEFAULT_QUEUE_FRAMES = 1000;
const DEFAULT_RECEIVE_WINDOW_BYTES = 4 * 1024 * 1024;
const DEFAULT_MIN_RTO_US = 200_000;

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
    for (const [entry, sender] of scenario.named.entries())
      for (let i = 0; i < sender.flows; i++) this.#add(sender, entry, i);
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

  #add(sender: NamedSender, entry: number, number: number): void {
    const id = this.flows.length;
    const { vm, from = vm, to = sender.from === undefined ? 'network' : vm, kind, frameBytes } = sender;
    const local = this.#vmNumber(to) >= 0 && this.#vmNumber(from) >= 0;
    const direction = local ? 'local' : sender.from === undefined ? 'out' : 'in';
    const reliable = kind === 'tcp';
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
    const random = this.#randomFor(`sender ${sender.name} ${number}`);
    [flow.source, flow.sink] = endsOf(sender, flow, random);
    this.flows.push(flow);
    const fromAddress = this.#address(from, FIRST_PORT + (id % PORTS));
    const toAddress = this.#address(to, SERVICE_PORT);
    const data = new FrameWriter(fromAddress, toAddress, reliable, frameBytes);
    const ack = new FrameWriter(toAddress, fromAddress, reliable, LONGEST_ACK_BYTES);
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

function endsOf(sender: NamedSender, flow: Flow, random: Random): [Source, Sink] {
  const { kind, frameBytes } = sender;
  if (kind !== 'tcp') {
    const source = new DatagramSender(
      flow,
      frameBytes,
      paceOf(sender, random),
      sender.queueFrames ?? DEFAULT_QUEUE_FRAMES,
    );
    return [source, new DatagramReceiver()];
  }
  const segmentBytes = frameBytes - TCP_PAYLOAD_AT;
  const windowBytes = sender.receiveWindowBytes ?? DEFAULT_RECEIVE_WINDOW_BYTES;
  const receiveWindow = Math.max(2, Math.floor(windowBytes / segmentBytes));
  const segments =
    sender.sizeBytes === undefined ? Number.POSITIVE_INFINITY : Math.ceil(sender.sizeBytes / segmentBytes);
  const settings = { frameBytes, receiveWindow, segments, leastRtoUs: sender.minRto ?? DEFAULT_MIN_RTO_US };
  const control = sender.congestion === 'reno' ? new Reno() : new Cubic();
  return [new TcpSender(flow, settings, control), new TcpReceiver(flow, receiveWindow, sender.delayedAck ?? true)];
}

function paceOf({ kind, frameBytes, ...sender }: NamedSender, random: Random): Pace {
  const { rateBps = 0, on = 0, off = 0, burstFrames = 1, every = 0 } = sender;
  if (kind === 'on-off')
    return new OnOffPace(frameBytes, rateBps, on, off, sender.periods === 'exponential' ? random : undefined);
  if (kind === 'bursts') return new BurstPace(frameBytes, burstFrames, every);
  return new SteadyPace(frameBytes, rateBps, sender.spacing === 'poisson' ? random : undefined);
}
