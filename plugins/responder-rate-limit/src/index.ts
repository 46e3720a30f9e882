import {
  type Deed,
  definePlugin,
  FairleadError,
  inject,
  Options,
  Rate,
  type ResponderContext,
  type Static,
  Type,
  VmResponder,
  Vms,
  type VmTable,
  vmResponderOptions,
} from '@fairlead/sdk';

const HALF = 0.5;
const fraction = (description: string) => Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1, description }));

/** Options of the responder. */
export const rateLimitOptions = Type.Object(
  {
    inboundBps: Type.Optional(
      Rate({ exclusiveMinimum: 0, description: 'What the VM receives beyond this rate is dropped.' }),
    ),
    outboundBps: Type.Optional(
      Rate({ exclusiveMinimum: 0, description: 'What it sends beyond this rate is dropped.' }),
    ),
    inboundFraction: fraction('What it receives beyond this part of its limit is dropped.'),
    outboundFraction: fraction('What it sends beyond this part of its limit is dropped.'),
    ...vmResponderOptions,
  },
  { additionalProperties: false },
);

/**
 * Drops what the VM of a signal receives or sends beyond a rate, or beyond a part of the VM's own limit; of both the lower
 * one counts. With no option it leaves half of the limit, each way.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import rateLimit from '@fairlead/responder-rate-limit';
 *
 * const builder = createHost().onSignal('attack', [use(rateLimit, { inboundBps: '100Mbps' })]);
 * ```
 */
export class RateLimit extends VmResponder<Static<typeof rateLimitOptions>> {
  constructor(@inject(Vms) vms: VmTable, @inject(Options) options: Static<typeof rateLimitOptions>) {
    super(vms, options);
  }

  protected override async act(vm: number, context: ResponderContext): Promise<Deed> {
    const rates = this.#rates(vm);
    await context.limitRate(vm, rates);
    const told = Object.entries(rates).map(
      ([way, bps]) => `${way === 'inboundBps' ? 'in' : 'out'} ${bps / 1e6} Mbit/s`,
    );
    return {
      name: 'rate-limit',
      how: `limited to ${told.join(', ')}`,
      rejected: ['suspend: what is within the limit still gets through'],
      undo: () => context.limitRate(vm, {}),
    };
  }

  #rates(vm: number): { inboundBps?: number; outboundBps?: number } {
    const { inboundBps, outboundBps, inboundFraction, outboundFraction } = this.options;
    const said = [inboundBps, outboundBps, inboundFraction, outboundFraction].some((one) => one !== undefined);
    const inbound = this.#rate(vm, inboundBps, said ? inboundFraction : HALF);
    const outbound = this.#rate(vm, outboundBps, said ? outboundFraction : HALF);
    return {
      ...(inbound === undefined ? {} : { inboundBps: inbound }),
      ...(outbound === undefined ? {} : { outboundBps: outbound }),
    };
  }

  #rate(vm: number, rateBps: number | undefined, part: number | undefined): number | undefined {
    if (part === undefined) return rateBps;
    const limitBps = this.vms.limitBps[vm] * part;
    if (limitBps < Number.POSITIVE_INFINITY) return Math.min(limitBps, rateBps ?? limitBps);
    if (rateBps !== undefined) return rateBps;
    throw new FairleadError('FAIRLEAD_ERR_RESPONDER', `VM "${this.vms.names[vm]}" has no limit to take a part of`, {
      where: 'rate-limit',
      mend: 'give the VM a limitBps, or the responder an inboundBps or outboundBps',
    });
  }
}

/**
 * The plugin: `responders: [{ use: rate-limit }]` in a chain of `signals`.
 *
 * @example
 * ```ts
 * import { createHost, use } from '@fairlead/core';
 * import rateLimit from '@fairlead/responder-rate-limit';
 *
 * const builder = createHost().onSignal('attack', [use(rateLimit, { outboundFraction: 0.1 })], { forMs: '1s' });
 * ```
 */
export default definePlugin({
  kind: 'responder',
  name: 'rate-limit',
  apiVersion: 1,
  options: rateLimitOptions,
  implementation: RateLimit,
  module: import.meta.url,
});
