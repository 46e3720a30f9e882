import type { Clock, HostRegistry, PluginDefinition } from '@fairlead/sdk';
import type { WrittenHostConfig } from '../../src/config.ts';
import type { Host } from '../../src/host.ts';
import { loadPlugin } from '../../src/plugins/load.ts';
import { bundled } from './bundled.ts';
import { inlineHost, memoryNic, memoryVm } from './inline-host.ts';
import { VmWorld, worldHypervisor } from './vm-world.ts';

/** Hosts that know each other and are on one cable; VM n is named by all of them, and starts on the first. */
export class TwoHosts {
  readonly world = new VmWorld();
  readonly registry = `two hosts ${this.world.number}`;
  readonly hosts: Host[] = [];
  #hand: Required<HostRegistry> | undefined;

  static async start(
    change: Partial<WrittenHostConfig> = {},
    names: readonly string[] = ['a', 'b'],
    others: Partial<WrittenHostConfig> = {},
  ): Promise<TwoHosts> {
    const two = new TwoHosts();
    for (const [i, name] of names.entries()) await two.add(name, i === 0, { ...change, ...(i === 0 ? {} : others) });
    return two;
  }

  async add(name: string, starts: boolean, change: Partial<WrittenHostConfig> = {}): Promise<Host> {
    const host = await inlineHost(
      {
        name,
        nics: [memoryNic('nic0', { segment: this.registry })],
        vms: [memoryVm(0, { start: starts }), memoryVm(1, { start: starts })],
        hypervisor: { use: 'world', options: { world: this.world.number, host: name }, budget: { controlMs: 40 } },
        registry: { use: 'embedded', options: { name: this.registry }, budget: { controlMs: 100 } },
        ...change,
      },
      [worldHypervisor as unknown as PluginDefinition],
    );
    this.hosts.push(host);
    return host;
  }

  /** Lets so much time go by on all of them, a millisecond at a time, and lets them speak to each other. */
  async run(ms: number): Promise<void> {
    for (let i = 0; i < ms; i++) {
      for (const host of this.hosts) host.run(1000);
      await this.idle();
    }
  }

  async idle(): Promise<void> {
    for (const host of this.hosts) await host.cluster.idle();
    for (const host of this.hosts) await host.cluster.idle();
  }

  /** Puts the registry out of reach of a host; returns how to bring it back. */
  async cutOff(host: string): Promise<() => void> {
    const { module } = await loadPlugin('host-registry', 'embedded', [bundled], 'registry');
    const { putOutOfReach } = (await import(module)) as { putOutOfReach(name: string, host: string): () => void };
    return putOutOfReach(this.registry, host);
  }

  /** The registry, as a hand that reaches into it: to write what hosts that crashed have left there. */
  async registryByHand(): Promise<Required<HostRegistry>> {
    const { module } = await loadPlugin('host-registry', 'embedded', [bundled], 'registry');
    const { EmbeddedRegistry } = (await import(module)) as {
      EmbeddedRegistry: new (options: object, clock: Clock) => Required<HostRegistry>;
    };
    this.#hand ??= new EmbeddedRegistry({ name: this.registry, leaseMs: 1, answerMs: 100 }, { nowUs: () => 0 });
    return this.#hand;
  }

  async close(): Promise<void> {
    for (const host of this.hosts) await host.close();
    await this.#hand?.close();
  }
}
