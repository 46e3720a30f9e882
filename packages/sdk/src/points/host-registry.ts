/** A host as others see it. */
export interface HostInfo {
  /** Name of the host, unique among them. */
  readonly name: string;
  /** Bandwidth not reserved by its VMs, in bit/s. */
  readonly roomBps: number;
  /** Share of its bandwidth in use, 0 to 1. */
  readonly load: number;
  /** True while a signal of an attack stands; such a host is no destination. */
  readonly underAttack: boolean;
}

/**
 * Which other hosts exist, with what room, and which of them runs a VM? Control path. `announce` is called every few
 * seconds and its entry expires by itself when it is not. A rejection means that the registry is out of reach: the
 * host goes on with the VMs it has and migrates none, and what the call was to change may have changed or not.
 *
 * A claim does not expire by itself, also when its host is silent: a VM never runs twice, whoever cannot be reached.
 *
 * Without `owner`, `handOver`, `ask` and `answer` hosts see each other, and no VM goes from one to the other.
 *
 * Names of hosts and VMs are any text that is not empty: two that differ in a character are two.
 *
 * @example
 * ```ts
 * import type { HostInfo, HostRegistry } from '@fairlead/sdk';
 *
 * // The hosts of one process, for a simulation.
 * class Embedded implements HostRegistry {
 *   readonly #hosts = new Map<string, HostInfo>();
 *   readonly #owners = new Map<string, string>();
 *
 *   async announce(self: HostInfo): Promise<void> {
 *     this.#hosts.set(self.name, self);
 *   }
 *
 *   async hosts(): Promise<readonly HostInfo[]> {
 *     return [...this.#hosts.values()];
 *   }
 *
 *   async claim(vm: string, host: string): Promise<boolean> {
 *     if (this.#owners.has(vm)) return this.#owners.get(vm) === host;
 *     this.#owners.set(vm, host);
 *     return true;
 *   }
 *
 *   async release(vm: string, host: string): Promise<void> {
 *     if (this.#owners.get(vm) === host) this.#owners.delete(vm);
 *   }
 * }
 * ```
 */
export interface HostRegistry {
  /** Takes the place of what this host announced before. */
  announce(self: HostInfo): Promise<void>;
  /** Every host that has announced itself and not expired, each once, as it did last. */
  hosts(): Promise<readonly HostInfo[]>;
  /**
   * Takes a VM for a host if no other has it: among hosts that ask at the same time it is true for exactly one. A host
   * that has the VM already is told true again.
   */
  claim(vm: string, host: string): Promise<boolean>;
  /** Gives a VM up for others to claim. Of a VM that `host` does not have it changes nothing, and succeeds. */
  release(vm: string, host: string): Promise<void>;
  /** Which host has a VM; undefined when none has. */
  owner?(vm: string): Promise<string | undefined>;
  /**
   * Has a VM change hands in one step: true when `from` had it and `to` has it now, or had it already. Nobody can claim
   * it in between.
   */
  handOver?(vm: string, from: string, to: string): Promise<boolean>;
  /**
   * From now on has what other hosts ask of `host` answered by a handler, several at a time; its rejection reaches who
   * asked, as its message. Questions and answers are up to 1 MiB long.
   */
  answer?(host: string, handler: (question: Uint8Array) => Promise<Uint8Array>): Promise<void>;
  /** Asks another host. Rejects when it does not answer in time, or refuses. */
  ask?(host: string, question: Uint8Array): Promise<Uint8Array>;
  /** Called once at the end, also when nothing was ever asked; the entry of this host goes. */
  close?(): Promise<void>;
}
