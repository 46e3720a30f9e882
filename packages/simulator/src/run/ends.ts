import type { Random } from '@fairlead/sdk';
import type { NamedSender } from '../scenario/check.ts';
import { AnsweringReceiver } from '../traffic/answering-receiver.ts';
import { Clients, MOST_RESPONSE_FRAMES } from '../traffic/clients.ts';
import { Cubic, Reno } from '../traffic/congestion.ts';
import { DatagramReceiver } from '../traffic/datagram-receiver.ts';
import { DatagramSender } from '../traffic/datagram-sender.ts';
import type { Flow, Sink, Source } from '../traffic/flow.ts';
import { clientAddresses, scatteredAddress, sweptPorts } from '../traffic/forged.ts';
import { ACK_BYTES, type Address, TCP_PAYLOAD_AT } from '../traffic/frame-codec.ts';
import { BurstPace, CrowdPace, OnOffPace, type Pace, SteadyPace } from '../traffic/pace.ts';
import { TcpFlag } from '../traffic/packet.ts';
import { ScanSender } from '../traffic/scan-sender.ts';
import { Server } from '../traffic/server.ts';
import { TcpReceiver } from '../traffic/tcp-receiver.ts';
import { TcpSender } from '../traffic/tcp-sender.ts';

/** Where flows without ports of their own go. */
export const SERVICE_PORT = 443;
const DEFAULT_QUEUE_FRAMES = 1000;
const DEFAULT_RECEIVE_WINDOW_BYTES = 4 * 1024 * 1024;
const DEFAULT_MIN_RTO_US = 200_000;
const DEFAULT_RISE_US = 1_000_000;
const DEFAULT_RESPONSE_BYTES = 8192;
const DEFAULT_PORTS = 1024;
const LONGEST_ACK_BYTES = 256;

/** Which of the flows of an entry it is. */
export interface PlaceInEntry {
  readonly number: number;
  readonly count: number;
}

/** Whether frames of a kind have TCP's headers. */
export function isTcp({ kind, protocol }: NamedSender): boolean {
  return ['tcp', 'clients', 'flash-crowd', 'scan'].includes(kind) || (kind === 'flood' && protocol !== 'udp');
}

/** The sending and the receiving end of a flow. */
export function endsOf(sender: NamedSender, flow: Flow, place: PlaceInEntry, random: Random): [Source, Sink] {
  switch (sender.kind) {
    case 'tcp':
      return tcpEnds(sender, flow);
    case 'clients':
    case 'flash-crowd': {
      const frames = responseFrames(sender);
      return [new Clients(flow, crowdPace(sender, random), frames), new Server(flow, frames, sender.frameBytes)];
    }
    case 'flood':
      return floodEnds(sender, flow);
    case 'scan':
      return scanEnds(sender, flow, place);
    default: {
      const queueFrames = sender.queueFrames ?? DEFAULT_QUEUE_FRAMES;
      const source = new DatagramSender(flow, sender.frameBytes, paceOf(sender, random), queueFrames);
      return [source, new DatagramReceiver()];
    }
  }
}

function tcpEnds(sender: NamedSender, flow: Flow): [Source, Sink] {
  const { frameBytes } = sender;
  const segmentBytes = frameBytes - TCP_PAYLOAD_AT;
  const windowBytes = sender.receiveWindowBytes ?? DEFAULT_RECEIVE_WINDOW_BYTES;
  const receiveWindow = Math.max(2, Math.floor(windowBytes / segmentBytes));
  const segments =
    sender.sizeBytes === undefined ? Number.POSITIVE_INFINITY : Math.ceil(sender.sizeBytes / segmentBytes);
  const settings = { frameBytes, receiveWindow, segments, leastRtoUs: sender.minRto ?? DEFAULT_MIN_RTO_US };
  const control = sender.congestion === 'reno' ? new Reno() : new Cubic();
  return [new TcpSender(flow, settings, control), new TcpReceiver(flow, receiveWindow, sender.delayedAck ?? true)];
}

function responseFrames({ frameBytes, responseBytes = DEFAULT_RESPONSE_BYTES }: NamedSender): number {
  return Math.min(MOST_RESPONSE_FRAMES, Math.ceil(responseBytes / (frameBytes - TCP_PAYLOAD_AT)));
}

function crowdPace({ kind, perSecond = 1, spacing, rise = DEFAULT_RISE_US }: NamedSender, random: Random): Pace {
  const riseUs = kind === 'flash-crowd' ? rise : 0;
  return new CrowdPace(perSecond, spacing === 'even' ? undefined : random, riseUs);
}

function floodEnds(sender: NamedSender, flow: Flow): [Source, Sink] {
  const { perSecond = 1, frameBytes } = sender;
  const pace = new CrowdPace(perSecond, undefined);
  const source = new DatagramSender(flow, frameBytes, pace, DEFAULT_QUEUE_FRAMES, isTcp(sender) ? TcpFlag.Syn : 0);
  const bytes = answerBytes(sender);
  const answer = { bytes, flags: TcpFlag.Syn | TcpFlag.Ack };
  return [source, new AnsweringReceiver(flow, () => (bytes === 0 ? undefined : answer))];
}

function answerBytes(sender: NamedSender): number {
  const asked = sender.answerBytes ?? (isTcp(sender) ? ACK_BYTES : 0);
  return asked === 0 ? 0 : Math.max(asked, ACK_BYTES);
}

function scanEnds(sender: NamedSender, flow: Flow, { number, count }: PlaceInEntry): [Source, Sink] {
  const { perSecond = 1, frameBytes, ports = DEFAULT_PORTS } = sender;
  // The VMs have their turns one after the other, each with its share of the rate.
  const pace = new CrowdPace(perSecond / count, undefined, 0, (number * 1e6) / perSecond);
  const source = new ScanSender(flow, frameBytes, pace, DEFAULT_QUEUE_FRAMES, TcpFlag.Syn);
  const open = { bytes: ACK_BYTES, flags: TcpFlag.Syn | TcpFlag.Ack };
  const closed = { bytes: ACK_BYTES, flags: TcpFlag.Rst | TcpFlag.Ack };
  return [
    source,
    new AnsweringReceiver(flow, (packet) => (1 + (packet.number % ports) === SERVICE_PORT ? open : closed)),
  ];
}

/** The two ends as the frames of a flow name them, and the longest frame that goes back. */
export function addressesOf(
  sender: NamedSender,
  from: Address,
  to: Address,
  salt: number,
): { from: Address; to: Address; longestBack: number } {
  switch (sender.kind) {
    case 'clients':
    case 'flash-crowd':
      // All that a client sends has its number in front: one address and port for the whole connection.
      return { from: clientAddresses(from, salt), to, longestBack: sender.frameBytes };
    case 'flood': {
      const longestBack = Math.max(LONGEST_ACK_BYTES, answerBytes(sender));
      return { from: scatteredAddress(from, salt, sender.sources), to, longestBack };
    }
    case 'scan':
      return { from, to: sweptPorts(to, sender.ports ?? DEFAULT_PORTS), longestBack: LONGEST_ACK_BYTES };
    default:
      return { from, to, longestBack: LONGEST_ACK_BYTES };
  }
}

function paceOf({ kind, frameBytes, ...sender }: NamedSender, random: Random): Pace {
  const { rateBps = 0, on = 0, off = 0, burstFrames = 1, every = 0 } = sender;
  if (kind === 'on-off')
    return new OnOffPace(frameBytes, rateBps, on, off, sender.periods === 'exponential' ? random : undefined);
  if (kind === 'bursts') return new BurstPace(frameBytes, burstFrames, every);
  return new SteadyPace(frameBytes, rateBps, sender.spacing === 'poisson' ? random : undefined);
}
