import { FrameBurst, FrameHeaders, type ObservedBatch, TcpFlag } from '@fairlead/sdk';

const { Ack, Fin, Rst, Syn } = TcpFlag;
const TCP = 6;
const UDP = 17;

/** Ticks of a window: 50 ms each in one of a second. */
export const TICKS = 20;
/** How far ahead a frame may lie, in ticks: 200 windows. */
const HORIZON = 4096;
/** A run of one VM's frames has this many at most. */
const RUN = 64;

/** Numbers in [0, 1) from a seed (xorshift32, Marsaglia 2003). */
function dice(seed: number): () => number {
  let x = Math.imul(seed, 0x9e3779b1) | 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
}

/** One frame, as a detector sees it. */
interface Frame {
  readonly isOutbound: boolean;
  readonly protocol: number;
  readonly flags: number;
  readonly bytes: number;
  /** The address at the other end. */
  readonly peer: number;
  readonly peerPort: number;
  readonly ownPort: number;
}

/** How the frames of a tick are shown. */
export type Shown = Pick<ObservedBatch, 'weight' | 'nowUs' | 'sinceUs' | 'untilUs'>;
const ALL: Shown = { weight: 1, nowUs: 0, sinceUs: 0, untilUs: Number.POSITIVE_INFINITY };

/** What is added to a VM's usual traffic in every window. */
export interface Extra {
  /** Frames in a window; clients for a crowd. */
  readonly perWindow: number;
  readonly kind: 'syn-flood' | 'syn-flood-out' | 'udp-one-source' | 'udp-made-up' | 'scan' | 'crowd';
}

/**
 * The traffic of one VM that serves clients: connections that come at random (Poisson) and go from the many that send few
 * frames to the few that send many (Pareto), some that stay open, SYNs said twice, aborts, refusals of passers-by, name
 * look-ups, the rise and fall of a day, and now and then one client that fetches a lot.
 */
export class VmTraffic {
  extra: Extra | undefined;
  readonly #vm: number;
  readonly #perWindow: number;
  readonly #random: () => number;
  readonly #ahead: Frame[][] = Array.from({ length: HORIZON }, () => []);
  #tick = 0;
  #bulkTicks = 0;

  constructor(vm: number, connectionsPerWindow: number, seed: number) {
    this.#vm = vm;
    this.#perWindow = connectionsPerWindow;
    this.#random = dice(seed);
  }

  /** Lets a window pass, in runs of one direction; what is shown of it, by tick, is all when left out. */
  window(observe: (batch: ObservedBatch) => void, shown?: readonly (Shown | undefined)[]): void {
    for (let i = 0; i < TICKS; i++) this.#pass(observe, shown === undefined ? ALL : shown[i]);
  }

  #pass(observe: (batch: ObservedBatch) => void, shown: Shown | undefined): void {
    const day = 1 + 0.3 * Math.sin((2 * Math.PI * this.#tick) / (2000 * TICKS));
    for (let n = this.#poisson((this.#perWindow * day) / TICKS); n > 0; n--) this.#connection(this.#client(400));
    this.#background();
    this.#addExtra();
    const frames = this.#ahead[this.#tick % HORIZON];
    if (shown !== undefined) {
      Object.assign(run, shown);
      for (const isOutbound of [false, true]) show(frames, isOutbound, this.#vm, observe);
    }
    frames.length = 0;
    this.#tick++;
  }

  /** One of so many clients, the first far more often than the last. */
  #client(clients: number): number {
    return 0x0a000000 + Math.floor(clients * this.#random() ** 2);
  }

  #connection(peer: number): void {
    const random = this.#random;
    const peerPort = 1024 + Math.floor(random() * 60_000);
    const at = (after: number, isOutbound: boolean, flags: number, bytes = 60): void =>
      this.#in(after, { isOutbound, protocol: TCP, flags, bytes, peer, peerPort, ownPort: 443 });
    const rtt = random() < 0.02 ? 8 : Math.floor(random() * 4);
    at(0, false, Syn);
    if (random() < 0.01) at(20, false, Syn);
    at(0, true, Syn | Ack);
    at(rtt, false, Ack);
    at(rtt, false, Ack, 500);
    const frames = Math.min(400, Math.floor(3 / random() ** 0.8));
    const stay = random() < 0.1 ? 500 + Math.floor(random() * 3000) : Math.floor(random() * 40);
    const last = rtt + 1 + stay + (frames >> 3);
    for (let i = 0; i < frames; i++) at(rtt + 1 + (i >> 3), true, Ack, 1514);
    for (let i = 0; i < frames; i += 2) at(2 * rtt + 1 + (i >> 3), false, Ack);
    if (random() < 0.03) return at(last, false, Rst | Ack);
    at(last, false, Fin | Ack);
    at(last, true, Fin | Ack);
    at(last + rtt, false, Ack);
  }

  #background(): void {
    const random = this.#random;
    if (random() < 0.2) {
      const passer = { protocol: TCP, bytes: 60, peer: this.#anybody(), peerPort: 40_000, ownPort: 23 };
      this.#in(0, { ...passer, isOutbound: false, flags: Syn });
      this.#in(0, { ...passer, isOutbound: true, flags: Rst | Ack });
    }
    const lookUp = {
      protocol: UDP,
      flags: 0,
      bytes: 120,
      peer: 0x08080808,
      ownPort: 1024 + Math.floor(random() * 60_000),
    };
    this.#in(0, { ...lookUp, isOutbound: true, peerPort: 53 });
    this.#in(1, { ...lookUp, isOutbound: false, peerPort: 53 });
    if (this.#bulkTicks === 0 && random() < 1 / (400 * TICKS)) this.#bulkTicks = TICKS * 10;
    if (this.#bulkTicks === 0) return;
    this.#bulkTicks--;
    const bulk = { protocol: TCP, flags: Ack, peer: 0x0a000001, peerPort: 50_000, ownPort: 443 };
    for (let i = this.#perWindow / 20; i > 0; i--) this.#in(0, { ...bulk, isOutbound: true, bytes: 1514 });
    for (let i = this.#perWindow / 40; i > 0; i--) this.#in(0, { ...bulk, isOutbound: false, bytes: 60 });
  }

  #addExtra(): void {
    if (this.extra === undefined) return;
    const { kind, perWindow } = this.extra;
    const random = this.#random;
    for (let n = this.#poisson(perWindow / TICKS); n > 0; n--) {
      const peer = this.#anybody();
      const peerPort = 1024 + Math.floor(random() * 60_000);
      const tcp = { protocol: TCP, bytes: 60, peer, peerPort, ownPort: 443 };
      const udp = { protocol: UDP, bytes: 900, flags: 0, peer, peerPort, ownPort: 443 };
      if (kind === 'crowd') this.#connection(this.#client(20_000));
      else if (kind === 'udp-one-source') this.#in(0, { ...udp, isOutbound: false, peer: 0x01020304, peerPort: 9 });
      else if (kind === 'udp-made-up') this.#in(0, { ...udp, isOutbound: false });
      else if (kind === 'scan') this.#in(0, { ...tcp, isOutbound: true, flags: Syn, ownPort: peerPort, peerPort: 22 });
      else if (kind === 'syn-flood-out')
        this.#in(0, { ...tcp, isOutbound: true, flags: Syn, peer: 1, ownPort: peerPort, peerPort: 80 });
      else {
        this.#in(0, { ...tcp, isOutbound: false, flags: Syn });
        this.#in(0, { ...tcp, isOutbound: true, flags: Syn | Ack });
      }
    }
  }

  #anybody(): number {
    return Math.floor(this.#random() * 2 ** 32) | 0;
  }

  #in(ticks: number, frame: Frame): void {
    this.#ahead[(this.#tick + ticks) % HORIZON].push(frame);
  }

  /** Knuth's method, in parts that do not underflow. */
  #poisson(mean: number): number {
    let sum = 0;
    for (let rest = mean; rest > 0; rest -= 20) {
      const bound = Math.exp(-Math.min(rest, 20));
      for (let p = this.#random(); p > bound; p *= this.#random()) sum++;
    }
    return sum;
  }
}

const headers = new FrameHeaders(RUN);
const frames = new FrameBurst(new Uint8Array(1), RUN, 1);
const run = {
  vm: 0,
  direction: 'inbound' as ObservedBatch['direction'],
  ...ALL,
  count: 0,
  bytes: 0,
  headers,
  frames,
};

function show(all: readonly Frame[], isOutbound: boolean, vm: number, observe: (batch: ObservedBatch) => void): void {
  run.vm = vm;
  run.direction = isOutbound ? 'outbound' : 'inbound';
  run.count = 0;
  run.bytes = 0;
  for (const frame of all) {
    if (frame.isOutbound !== isOutbound) continue;
    frames.bytes[run.count] = frame.bytes;
    put(run.count++, frame);
    run.bytes += frame.bytes;
    if (run.count < RUN) continue;
    observe(run);
    run.count = 0;
    run.bytes = 0;
  }
  if (run.count > 0) observe(run);
}

const OWN = 0xc0000201 | 0;

function put(i: number, { isOutbound, protocol, flags, peer, peerPort, ownPort }: Frame): void {
  headers.protocol[i] = protocol;
  headers.tcpFlags[i] = flags;
  headers.source[i] = isOutbound ? OWN : peer;
  headers.destination[i] = isOutbound ? peer : OWN;
  headers.ports[i] = isOutbound ? (ownPort << 16) | peerPort : (peerPort << 16) | ownPort;
  // As the host's: the same for all frames of one direction of a connection, and different for any two in all likelihood.
  let hash = Math.imul(
    headers.source[i] ^ ((headers.destination[i] << 15) | (headers.destination[i] >>> 17)),
    0x9e3779b1,
  );
  hash = Math.imul(hash ^ (hash >>> 15) ^ headers.ports[i] ^ protocol, 0x85ebca6b);
  headers.flow[i] = hash ^ (hash >>> 16);
}
