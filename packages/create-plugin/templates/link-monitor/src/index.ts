import type { LinkMonitor, LinkVerdict, MemberPort, Static } from '@fairlead/sdk';
import { definePlugin, inject, Members, Milliseconds, Options, Type } from '@fairlead/sdk';

export const myPluginOptions = Type.Object(
  {
    timeoutMs: Milliseconds({ default: 3000, minimum: 1, description: 'Time without a keep-alive that is too long.' }),
  },
  { additionalProperties: false },
);

/** EtherType of the keep-alives: the one for local experiments (IEEE 802, clause 9). */
const KEEP_ALIVE = 0x88b6;

/** A NIC is down when it heard keep-alives once, and hears them no more. */
export class MyPlugin implements LinkMonitor {
  /** When each NIC heard the last one. */
  readonly #heardUs = new Map<number, number>();
  #nowUs = 0;

  constructor(
    @inject(Members) members: MemberPort,
    @inject(Options) private readonly options: Static<typeof myPluginOptions>,
  ) {
    members.listen(KEEP_ALIVE, true);
  }

  poll(nowUs: number): number {
    this.#nowUs = nowUs;
    return nowUs + (this.options.timeoutMs * 1000) / 10;
  }

  receive(nic: number, _frame: Uint8Array, nowUs: number): undefined {
    this.#heardUs.set(nic, nowUs);
  }

  verdict(nic: number): LinkVerdict {
    const heardUs = this.#heardUs.get(nic);
    if (heardUs === undefined) return 'unknown';
    return this.#nowUs - heardUs > this.options.timeoutMs * 1000 ? 'down' : 'up';
  }

  explain(nic: number): string {
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
