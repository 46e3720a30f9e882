import { AuditedHost } from './audited-host.ts';
import type { VmManager } from './managers/vm-manager.ts';
import type { PolicySection } from './shadow/shadow-report.ts';
import type { GivenPolicy, PolicyExchange, SwapNotice, SwapOptions } from './succession/exchange.ts';
import type { KIND_OF } from './succession/order.ts';
import type { FrameTrace, TraceOptions } from './trace/frame-trace.ts';
import type { TraceDesk } from './trace/trace-desk.ts';

/** What of a running host is asked for below. */
export interface Served {
  readonly exchange: PolicyExchange;
  readonly desk: TraceDesk;
}

/** What a host offers while it runs to exchange its policies, to compare them with others, and to watch them at work. */
export abstract class PolicyHost extends AuditedHost {
  /** @throws FairleadError `FAIRLEAD_ERR_HOST_STATE` when the host does not run. */
  protected abstract served(operation: string): Served;
  /** The VMs. */
  abstract readonly vms: VmManager;

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
    return this.served('swap').exchange.swap(section, policy, options);
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
    return this.served('shadow').exchange.shadow(section, policy);
  }

  /** Names of the plugins that decide now. */
  get policies(): Readonly<Record<PolicySection, string>> {
    return this.served('say who decides').exchange.serving;
  }

  /**
   * Writes down what becomes of the next frames of a VM: what every stage decides, on what state, and against which
   * NICs. Resolves when there were as many, or the time is over. The frames go as they would have gone.
   * @throws FairleadError `FAIRLEAD_ERR_UNKNOWN_VM`; `_HOST_STATE` while another trace is under way.
   * @example
   * ```ts
   * const [frame] = await host.trace('web', { frames: 1, forMs: 1000 });
   * console.log(frame?.outcome, frame?.distribute?.nic);
   * ```
   */
  async trace(vm: string, options: TraceOptions = {}): Promise<FrameTrace[]> {
    return this.served('trace').desk.trace(this.vms.index(vm), options);
  }
}
