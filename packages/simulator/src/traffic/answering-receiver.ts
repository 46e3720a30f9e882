import type { Flow, Sink } from './flow.ts';
import { Packet, PacketKind } from './packet.ts';

/** What a guest says to a frame that it did not expect: length and TCP flags; undefined: nothing. */
export type AnswerRule = (packet: Packet) => { readonly bytes: number; readonly flags: number } | undefined;

/** The victim of a flood or a scan: it answers each frame as its system would, if there is room to. */
export class AnsweringReceiver implements Sink {
  timerUs = Number.POSITIVE_INFINITY;
  heapedUs = Number.POSITIVE_INFINITY;
  freshBytes = 0;
  readonly duplicates = 0;
  readonly outOfOrder = 0;
  readonly #flow: Flow;
  readonly #rule: AnswerRule;
  readonly #answer = new Packet();

  constructor(flow: Flow, rule: AnswerRule) {
    this.#flow = flow;
    this.#rule = rule;
    this.#answer.kind = PacketKind.Answer;
    this.#answer.flow = flow.id;
  }

  onData(packet: Packet): void {
    this.freshBytes += packet.bytes;
    const said = this.#rule(packet);
    if (said === undefined) return;
    const answer = this.#answer;
    answer.number = packet.number;
    answer.stampUs = packet.stampUs;
    answer.bytes = said.bytes;
    answer.flags = said.flags;
    this.#flow.to.emit(answer);
  }

  onTimer(): void {
    // It sets no timer.
  }
}
