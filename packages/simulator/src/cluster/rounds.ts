import { Packet } from '../traffic/packet.ts';
import { PacketBatch } from './packet-batch.ts';

/* Words that all threads share: */
const ARRIVED = 0;
const ROUND = 1;
const BROKEN = 2;
const WORDS = 4;
/** A round is short: so many looks before the thread sleeps. */
const LOOKS = 2000;

/** What the threads of a simulation share: a barrier, and two batches of each, one to write and one to read by turns. */
export interface SharedRounds {
  readonly barrier: SharedArrayBuffer;
  readonly batches: readonly (readonly [SharedArrayBuffer, SharedArrayBuffer])[];
}

export function sharedRounds(threads: number): SharedRounds {
  return {
    barrier: new SharedArrayBuffer(WORDS * 4),
    batches: Array.from({ length: threads }, () => [new PacketBatch().memory, new PacketBatch().memory]),
  };
}

/** Another thread has failed. */
export class BrokenOff extends Error {
  override readonly name = 'BrokenOff';
}

/** Told of what other hosts have sent. */
export interface Landing {
  land(packet: Packet, to: number, landsUs: number): void;
  heard(vm: number, host: number): void;
}

/**
 * The rounds in which the threads go through time together, each as long as the way through the switch: what a host sends
 * in one round lands in the next one at the earliest, so that within a round no host needs to know of another (Chandy and
 * Misra 1979: conservative, with lookahead). What lands is told in the order of the hosts that sent it, however many
 * threads there are.
 */
export class Rounds {
  readonly #words: Int32Array;
  readonly #batches: readonly (readonly [PacketBatch, PacketBatch])[];
  readonly #own: number;
  readonly #packet = new Packet();
  #parity = 0;

  constructor({ barrier, batches }: SharedRounds, thread: number) {
    this.#words = new Int32Array(barrier);
    this.#batches = batches.map(([even, odd]) => [new PacketBatch(even), new PacketBatch(odd)]);
    this.#own = thread;
  }

  /** What this thread's hosts send in this round. */
  get out(): PacketBatch {
    return (this.#batches[this.#own] as readonly PacketBatch[])[this.#parity] as PacketBatch;
  }

  /**
   * Ends a round: waits for all threads, and tells what their hosts have sent in it.
   * @throws BrokenOff when another thread has failed, whose error says why.
   */
  next(landing: Landing): void {
    this.#meet();
    for (const pair of this.#batches) {
      const batch = pair[this.#parity] as PacketBatch;
      for (let record = 0; record < batch.count; record++) {
        const vm = batch.heardVm(record);
        if (vm >= 0) landing.heard(vm, batch.hostOf(record));
        else {
          const landsUs = batch.read(record, this.#packet);
          landing.land(this.#packet, batch.hostOf(record), landsUs);
        }
      }
    }
    this.#parity ^= 1;
    // The other batch was read by all before they came to this barrier.
    this.out.clear();
  }

  #meet(): void {
    const words = this.#words;
    const round = Atomics.load(words, ROUND);
    if (Atomics.add(words, ARRIVED, 1) + 1 === this.#batches.length) {
      Atomics.store(words, ARRIVED, 0);
      Atomics.add(words, ROUND, 1);
      Atomics.notify(words, ROUND);
    } else {
      for (let look = 0; look < LOOKS && Atomics.load(words, ROUND) === round; look++);
      while (Atomics.load(words, ROUND) === round && Atomics.load(words, BROKEN) === 0)
        Atomics.wait(words, ROUND, round);
    }
    if (Atomics.load(words, BROKEN) !== 0) throw new BrokenOff();
  }

  /** This thread has failed: no other one waits for it. */
  fail(): void {
    Atomics.store(this.#words, BROKEN, 1);
    Atomics.add(this.#words, ROUND, 1);
    Atomics.notify(this.#words, ROUND);
  }
}
