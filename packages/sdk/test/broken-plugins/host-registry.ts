import { definePlugin, type HostInfo, type PluginDefinition } from '../../src/index.ts';
import type { HostRegistryGiven } from '../../src/testing/index.ts';
import memoryRegistry, { ledgerNamed, MemoryRegistry, memoryRegistryOptions } from '../reference/memory-registry.ts';
import type { BrokenPlugin, BrokenPlugins } from './broken-plugin.ts';

let registries = 0;

const registry: HostRegistryGiven['registry'] = (clock) => {
  const name = `broken ${++registries}`;
  return {
    options: { name },
    reach: (reachable) => {
      ledgerNamed(name).reachable = reachable;
    },
    outlive: () => void clock.advance(3_600_000_000),
  };
};

/** A registry in memory of which `change` gives some hooks anew; it is called once for each instance. */
function broken(
  law: string,
  mistake: string,
  makeChange: () => (memory: MemoryRegistry) => object,
  also: readonly string[] = [],
): BrokenPlugin {
  return {
    law,
    mistake,
    also,
    given: { registry },
    plugin: () => {
      const change = makeChange();
      class Broken extends MemoryRegistry {
        constructor(...parts: ConstructorParameters<typeof MemoryRegistry>) {
          super(...parts);
          Object.assign(this, change(this));
        }
      }
      const plugin = definePlugin({
        kind: 'host-registry',
        name: 'broken',
        apiVersion: 1,
        options: memoryRegistryOptions,
        implementation: Broken,
      });
      return plugin as unknown as PluginDefinition;
    },
  };
}

function was<K extends 'announce' | 'hosts' | 'claim' | 'release'>(of: MemoryRegistry, hook: K): MemoryRegistry[K] {
  return MemoryRegistry.prototype[hook].bind(of) as MemoryRegistry[K];
}

const LEDGER = 'agrees with one ledger, whatever is asked';
const ONE_WINNER = 'gives a VM to exactly one of the hosts that claim it at once';
const OWNER = 'says which host has a VM';
const HANDS_OVER = 'has a VM change hands in one step, from the host that has it and no other';
const KEEPS = 'keeps a VM for the host that has it, and tells it so again';

export const hostRegistry: BrokenPlugins = {
  right: [() => memoryRegistry as unknown as PluginDefinition],
  broken: [
    broken(
      'starts with an empty configuration, and with every option at its bounds',
      'counts a time to live in whole milliseconds',
      () =>
        ({ options: { ttlMs } }) => {
          if (Math.floor(ttlMs) === 0) throw new RangeError('the interval is 0');
          return {};
        },
    ),
    broken(ONE_WINNER, 'looks whether a VM is free, and takes it a moment later', () => ({ ledger }) => ({
      async claim(vm: string, host: string) {
        const holder = ledger.reachable ? ledger.holders.get(vm) : await Promise.reject(new Error('out of reach'));
        await Promise.resolve();
        if (holder === undefined) ledger.holders.set(vm, host);
        return holder === undefined || holder === host;
      },
    })),
    broken(
      KEEPS,
      'tells the host that has a VM that it is taken',
      () => (memory) => ({
        async claim(vm: string, host: string) {
          const taken = memory.ledger.holders.has(vm);
          return (await was(memory, 'claim')(vm, host)) && !taken;
        },
      }),
      [LEDGER, HANDS_OVER],
    ),
    broken(
      'lets the host that has a VM release it, and no other',
      'does not look who releases',
      () => (memory) => ({
        async release(vm: string, host: string) {
          await was(memory, 'release')(vm, memory.ledger.holders.get(vm) ?? host);
        },
      }),
      [LEDGER, OWNER],
    ),
    broken(
      'tells every host of all that announced themselves, each as it did last',
      'keeps the first announcement of a host',
      () => (memory) => ({
        async announce(info: HostInfo) {
          if (!memory.ledger.hosts.has(info.name)) await was(memory, 'announce')(info);
          else await was(memory, 'hosts')();
        },
      }),
      [LEDGER],
    ),
    broken(
      'tells names that differ in a character apart',
      'makes keys of names by replacing what a key may not have',
      () => (memory) => ({
        claim: (vm: string, host: string) => was(memory, 'claim')(vm.replace(/[^a-z]/gi, '_'), host),
        release: (vm: string, host: string) => was(memory, 'release')(vm.replace(/[^a-z]/gi, '_'), host),
      }),
      [KEEPS, LEDGER, OWNER, HANDS_OVER],
    ),
    broken('forgets a host that no longer announces itself', 'never lets an announcement expire', () => (memory) => ({
      hosts: async () => {
        await was(memory, 'hosts')();
        return [...memory.ledger.hosts.values()].map(({ info }) => info);
      },
    })),
    broken(
      'rejects while the registry is out of reach, and goes on when it is back',
      'knows no hosts while the registry is out of reach',
      () => (memory) => ({ hosts: () => was(memory, 'hosts')().catch(() => []) }),
    ),
    broken(LEDGER, 'forgets a host with the VM that it releases', () => (memory) => ({
      async release(vm: string, host: string) {
        await was(memory, 'release')(vm, host);
        memory.ledger.hosts.delete(host);
      },
    })),
    broken(OWNER, 'says that somebody has a VM that nobody has', () => (memory) => ({
      owner: async (vm: string) => (await MemoryRegistry.prototype.owner.call(memory, vm)) ?? 'somebody',
    })),
    broken(HANDS_OVER, 'does not look from whom a VM comes', () => ({ ledger }) => ({
      async handOver(vm: string, _from: string, to: string) {
        ledger.holders.set(vm, to);
        return true;
      },
    })),
    broken(
      'carries a question to the host that it is for, and what that says back',
      'gives a refusal back as an answer',
      () => (memory) => ({
        ask: (host: string, question: Uint8Array) =>
          MemoryRegistry.prototype.ask.call(memory, host, question).catch(() => new Uint8Array(0)),
      }),
    ),
    broken(
      'closes at any time, and one made anew works',
      'closes the connection of every instance to come',
      () => {
        let closings = 0;
        return (memory) => ({
          close: async () => void closings++,
          claim: (vm: string, host: string) =>
            closings % 2 === 1 ? Promise.reject(new Error('closed')) : was(memory, 'claim')(vm, host),
        });
      },
      [
        ONE_WINNER,
        KEEPS,
        LEDGER,
        OWNER,
        HANDS_OVER,
        'lets the host that has a VM release it, and no other',
        'tells names that differ in a character apart',
        'rejects while the registry is out of reach, and goes on when it is back',
      ],
    ),
  ],
};
