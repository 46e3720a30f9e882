import { definePlugin, Members, Milliseconds, Options, Type } from '@fairlead/sdk';

export const myPluginOptions = Type.Object(
  {
    timeoutMs: Milliseconds({ default: 3000, minimum: 1, description: 'Time without a keep-alive that is too long.' }),
  },
  { additionalProperties: false },
);

/** EtherType of the keep-alives: the one for local experiments (IEEE 802, clause 9). */
const KEEP_ALIVE = 0x88b6;

/** A NIC is down when it heard keep-alives once, and hears them no more. */
export class MyPlugin {
  /** What the constructor is given, in the order of its parameters. */
  static inject = [Members, Options];

  /**
   * When each NIC heard the last one.
   * @type {Map<number, number>}
   */
  #heardUs = new Map();
  #nowUs = 0;
  #options;

  /**
   * @param {import('@fairlead/sdk').MemberPort} members
   * @param {import('@fairlead/sdk').Static<typeof myPluginOptions>} options
   */
  constructor(members, options) {
    this.#options = options;
    members.listen(KEEP_ALIVE, true);
  }

  /**
   * @param {number} nowUs
   * @returns {number}
   */
  poll(nowUs) {
    this.#nowUs = nowUs;
    return nowUs + (this.#options.timeoutMs * 1000) / 10;
  }

  /**
   * @param {number} nic
   * @param {Uint8Array} _frame
   * @param {number} nowUs
   * @returns {undefined}
   */
  receive(nic, _frame, nowUs) {
    this.#heardUs.set(nic, nowUs);
  }

  /**
   * @param {number} nic
   * @returns {import('@fairlead/sdk').LinkVerdict}
   */
  verdict(nic) {
    const heardUs = this.#heardUs.get(nic);
    if (heardUs === undefined) return 'unknown';
    return this.#nowUs - heardUs > this.#options.timeoutMs * 1000 ? 'down' : 'up';
  }

  /**
   * @param {number} nic
   * @returns {string}
   */
  explain(nic) {
    return this.#heardUs.has(nic) ? `the last keep-alive came at ${this.#heardUs.get(nic)} µs` : 'no keep-alive yet';
  }
}

export default definePlugin({
  kind: 'link-monitor',
  name: 'my-plugin',
  apiVersion: 1,
  options: myPluginOptions,
  implementation: MyPlugin,
  module: import.meta.url,
});
