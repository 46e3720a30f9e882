import type { Histogram } from '../measure/histogram.ts';
import type { Direction, Meter } from '../measure/meter.ts';
import type { Packet } from './packet.ts';
import type { Station } from './station.ts';
import type { Timed } from './timers.ts';

/** What came of an attempt to send. */
export const Sent = { Nothing: 0, One: 1, NoRoom: 2 } as const;
export type Sent = (typeof Sent)[keyof typeof Sent];

/** What became of the connections of a source. */
export interface ConnectionCounts {
  readonly begun: number;
  readonly completed: number;
  /** Given up: nothing came back however often it asked. */
  readonly failed: number;
  /** From the first SYN to the last byte of the response, of those that were completed. */
  readonly duration: Histogram;
}

/** The sending end of a flow: a kind of traffic. */
export interface Source extends Timed {
  readonly flow: Flow;
  /** Stands in its station's queue of those who have something to send. Only the station changes it. */
  isReady: boolean;
  start(nowUs: number): void;
  /** Sends nothing new from now on. */
  stop(nowUs: number): void;
  /** Its VM was suspended and runs again: what was due meanwhile is not made up for. */
  resumed?(nowUs: number): void;
  /** Changes the rate of a source that has one: in bit/s, or in frames or clients a second of one that counts these. */
  setRate?(rate: number, nowUs: number): void;
  /** Sends one frame, if there is one to send. */
  sendOne(nowUs: number): Sent;
  onAck?(packet: Packet, nowUs: number): void;
  /** The sink's answer to something other than data of TCP has come. */
  onAnswer?(packet: Packet, nowUs: number): void;
  /** Connections that it made, when it makes several. */
  readonly connections?: ConnectionCounts;
  /** Frames it wanted to send and could not, in its own queue or lost from it. */
  readonly backlog: { readonly waiting: number; readonly lost: number };
  /** Frames that it sent more than once. */
  readonly retransmits: number;
  /** When everything it had to send was acknowledged, in microseconds; undefined while it was not. */
  readonly finishedUs: number | undefined;
}

/** The receiving end of a flow. */
export interface Sink extends Timed {
  onData(packet: Packet, nowUs: number): void;
  /** What a connection is opened and closed with has come from the source. */
  onControl?(packet: Packet, nowUs: number): void;
  /** Of what arrived: bytes that were new, frames that had come before, frames behind a later one. */
  readonly freshBytes: number;
  readonly duplicates: number;
  readonly outOfOrder: number;
}

/** One sender and one receiver. */
export interface Flow {
  readonly id: number;
  /** Number of the entry in the scenario's `senders`. */
  readonly entry: number;
  /** The VM that it is counted for. */
  readonly vm: number;
  /** VMs at its ends; -1 for what is beyond the NICs. */
  readonly fromVm: number;
  readonly toVm: number;
  /** Host behind whose NICs the end lies that is no VM. */
  readonly outside: number;
  /** Frames of data go through the host's NICs outwards, inwards, or stay within the host; those of an attack, either way. */
  readonly direction: Direction;
  readonly reliable: boolean;
  /** Where its ends are; a VM's may move. */
  from: Station;
  to: Station;
  readonly source: Source;
  readonly sink: Sink;
  readonly meter: Meter;
  /** Frames of data given to the virtual NIC or the network, and their bytes. */
  sentFrames: number;
  sentBytes: number;
  arrivedFrames: number;
  arrivedBytes: number;
}
