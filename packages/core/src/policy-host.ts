import { EventEmitter } from 'node:events';
import type { HostEvents } from './host-events.ts';
import type { PolicySection } from './shadow/shadow-report.ts';
import type { GivenPolicy, PolicyExchange, SwapNotice, SwapOptions } from './succession/exchange.ts';
import type { KIND_OF } from './succession/order.ts';

/** What a host offers while it runs to exchange its policies and to compare them with others. */
export abstract class PolicyHost extends EventEmitter<HostEvents> {
  /** @throws FairleadError `FAIRLEAD_ERR_HOST_STATE` when the host does not run. */
  protected abstract policyExchange(operation: string): PolicyExchange;

  /**
   * Puts another policy into a place while the host runs: another version, other options, another plugin. Nothing changes
   * unless every forwarding loop could make it; then it is handed its predecessor's state (`Lifecycle`) and decides, from
   * one batch to the next. If it fails within `probationMs` (10,000), its predecessor returns. Inline: between two passes.
   * @throws FairleadError with what is wrong with the plugin or its options, or `FAIRLEAD_ERR_SWAP`.
   * @example
   * ```ts
   * import { use } from '@fairlead/core';
   * import pendingLoad from '@fairlead/load-distribution-pending-load';
   *
   * await host.swap('distribution', use(pendingLoad, { grainBytes: '4KiB' }), { probationMs: 30_000 });
   * ```
   */
  swap<S extends PolicySection>(
    section: S,
    policy: GivenPolicy<(typeof KIND_OF)[S]>,
    options?: SwapOptions,
  ): Promise<SwapNotice> {
    return this.policyExchange('swap').swap(section, policy, options);
  }

  /**
   * Has another policy asked the same as the one that decides, and compares what they say; without a policy the shadow
   * is taken away. A shadow reads and writes copies alone; one that throws, hangs or answers wrongly is put aside.
   * @throws FairleadError as `swap` does.
   * @example
   * ```ts
   * import { use } from '@fairlead/core';
   * import roundRobin from '@fairlead/load-distribution-round-robin';
   *
   * await host.shadow('distribution', use(roundRobin));
   * ```
   */
  shadow<S extends PolicySection>(section: S, policy: GivenPolicy<(typeof KIND_OF)[S]> | undefined): Promise<void> {
    return this.policyExchange('shadow').shadow(section, policy);
  }

  /** Names of the plugins that decide now. */
  get policies(): Readonly<Record<PolicySection, string>> {
    return this.policyExchange('say who decides').serving;
  }
}
