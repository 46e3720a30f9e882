import { type Flow, Sent, type Source } from './flow.ts';
import { type Packet, PacketKind } from './packet.ts';
import { type Timed, Timers } from './timers.ts';

/** Frames that a source sends before the next one has its turn. */
const TURN_FRAMES = 4;

/**
 * One end of the simulated traffic: a guest, or everything beyond the NICs. Its sources and sinks have timers, and take
 * turns while there is room to send. Frames leave by `emit`.
 */
export abstract class Station {
  readonly timers = new Timers<Timed>();
  #ready: Source[] = [];
  #next: Source[] = [];
  /** A source had something to send and no room for it. */
  isBlocked = false;

  /** Hands a packet on its way. False: there is no room for it. */
  abstract emit(packet: Packet): boolean;

  /** A source has something to send. */
  ready(source: Source): void {
    if (source.isReady) return;
    source.isReady = true;
    this.#ready.push(source);
  }

  /** Runs the timers that are due and lets the sources send. */
  work(nowUs: number): void {
    for (let holder = this.timers.due(nowUs); holder !== undefined; holder = this.timers.due(nowUs))
      holder.onTimer(nowUs);
    this.isBlocked = false;
    while (this.#ready.length > 0 && !this.isBlocked) this.#round(nowUs);
  }

  /** One turn for each source; who still has something to send then stands at the end of the queue. */
  #round(nowUs: number): void {
    const round = this.#ready;
    const next = this.#next;
    let at = 0;
    while (at < round.length && !this.isBlocked) {
      const source = round[at] as Source;
      const sent = turn(source, nowUs);
      if (sent === Sent.NoRoom) {
        this.isBlocked = true;
        break;
      }
      at++;
      if (sent === Sent.One) next.push(source);
      else source.isReady = false;
    }
    if (at < round.length) {
      // Who found no room is the first when there is some.
      const waiting = round.slice(at);
      for (const source of next) waiting.push(source);
      next.length = 0;
      this.#ready = waiting;
      return;
    }
    round.length = 0;
    this.#ready = next;
    this.#next = round;
  }
}

function turn(source: Source, nowUs: number): Sent {
  let sent: Sent = Sent.Nothing;
  for (let i = 0; i < TURN_FRAMES; i++) {
    sent = source.sendOne(nowUs);
    if (sent !== Sent.One) break;
  }
  return sent;
}

/** Gives a packet that has arrived to the end of the flow that it is for. */
export function arrive(flow: Flow, packet: Packet, nowUs: number): void {
  if (packet.kind !== PacketKind.Data) {
    if (packet.kind === PacketKind.Ack) flow.source.onAck?.(packet, nowUs);
    else if (packet.kind === PacketKind.Answer) flow.source.onAnswer?.(packet, nowUs);
    else flow.sink.onControl?.(packet, nowUs);
    return;
  }
  flow.arrivedFrames++;
  flow.arrivedBytes += packet.bytes;
  flow.meter.arrived(packet.bytes, nowUs - packet.stampUs, nowUs);
  flow.sink.onData(packet, nowUs);
}
