import { definePlugin, Microseconds, Options, Port, Size, Type } from '@fairlead/sdk';

export const myPluginOptions = Type.Object(
  {
    intervalUs: Microseconds({ default: 1000, minimum: 1, description: 'Time between two frames of the guest.' }),
    frameBytes: Size({ default: 60, minimum: 60, maximum: 1514, description: 'Length of each frame, without FCS.' }),
  },
  { additionalProperties: false },
);

/** Frames that are taken from the ring at once. */
const RECEIVE_BATCH = 64;
/** Time after which a guest looks again when its ring has no room: nothing tells it. */
const AGAIN_US = 100;
const HEADER_BYTES = 14;

/** A virtual NIC with a guest that broadcasts a numbered frame at each interval and takes all that it receives. */
export class MyPlugin {
  /** What the constructor is given, in the order of its parameters. */
  static inject = [Port, Options];

  #frame;
  #number;
  #burst;
  #sentFrames = 0;
  #receivedFrames = 0;
  /** The clock is known at a poll only, so the guest begins, and begins again after a suspension, at the next one. */
  #nextUs = Number.NEGATIVE_INFINITY;
  #running = true;
  /** @type {(() => void) | undefined} */
  #wake;
  #port;
  #options;

  /**
   * @param {import('@fairlead/sdk').VnicPort} port
   * @param {import('@fairlead/sdk').Static<typeof myPluginOptions>} options
   */
  constructor(port, options) {
    this.#port = port;
    this.#options = options;
    this.#burst = port.createBurst(RECEIVE_BATCH);
    this.#frame = new Uint8Array(options.frameBytes);
    this.#frame.fill(0xff, 0, 6); // to everyone
    this.#frame.set(port.macs[0], 6);
    this.#frame.set([0x88, 0xb5], 12); // EtherType for local experiments (IEEE 802)
    this.#number = new DataView(this.#frame.buffer, HEADER_BYTES);
  }

  /** Frames that the guest has received so far. */
  get receivedFrames() {
    return this.#receivedFrames;
  }

  /** @param {() => void} wake */
  attach(wake) {
    this.#wake = wake;
  }

  /** @param {boolean} running */
  setRunning(running) {
    this.#running = running;
    this.#nextUs = Number.NEGATIVE_INFINITY;
    if (running) this.#wake?.();
  }

  /** @param {number} nowUs */
  poll(nowUs) {
    if (!this.#running) return Number.POSITIVE_INFINITY;
    const more = this.#take();
    const nextUs = this.#send(nowUs);
    return more ? nowUs : nextUs;
  }

  /**
   * Sends the next frame when it is due; returns when to go on.
   * @param {number} nowUs
   */
  #send(nowUs) {
    const { intervalUs } = this.#options;
    // A clock that was set back must not silence the guest for as long.
    if (nowUs < this.#nextUs && this.#nextUs <= nowUs + intervalUs) return this.#nextUs;
    this.#number.setUint32(0, this.#sentFrames);
    if (!this.#port.push(this.#frame, 0, this.#frame.length)) return nowUs + AGAIN_US;
    this.#port.flush();
    this.#sentFrames++;
    this.#nextUs = nowUs + intervalUs;
    return this.#nextUs;
  }

  /** Takes what waits, but one burst at most: a poll must come to an end. True when there may be more. */
  #take() {
    const count = this.#port.pull(this.#burst);
    this.#receivedFrames += count;
    this.#port.release(count);
    return count === RECEIVE_BATCH;
  }
}

export default definePlugin({
  kind: 'device-emulator',
  name: 'my-plugin',
  apiVersion: 1,
  options: myPluginOptions,
  implementation: MyPlugin,
  module: import.meta.url,
});
