import type { Static } from '@sinclair/typebox';
import { FairleadError, isFairleadError } from '../errors.ts';
import type { MoveLog } from '../moves.ts';
import type { OptionsSchema, Written } from '../options.ts';
import { dependenciesOf, type PluginDefinition } from '../plugin.ts';
import type { VnicPort } from '../points/device-emulator.ts';
import type { MemberPort } from '../points/link-monitor.ts';
import { type ExtensionPoints, type PluginKind, REQUIRED_HOOKS } from '../points/map.ts';
import type { NicContext } from '../points/nic-driver.ts';
import { Logger, Members, Moves, Nic, Nics, Options, Port, Randomness, Time, type Token, Vms } from '../tokens.ts';
import { ManualClock, MemoryLog, MemoryMoves, testRandom } from './clock.ts';
import type { KitParts } from './kits/parts.ts';
import { TestMembers } from './members.ts';
import { TestPort } from './port.ts';
import { readOptions } from './read-options.ts';
import { testNics, testVms } from './tables.ts';

/**
 * What a plugin's constructor may be given, of any kind.
 *
 * @example
 * ```ts
 * import { createInstance, type InstanceParts, ManualClock, testNics } from '@fairlead/sdk/testing';
 * import pendingLoad from '@fairlead/load-distribution-pending-load';
 *
 * const parts: Partial<InstanceParts> = { nics: testNics([1e9, 10e9]), clock: new ManualClock(1_000_000) };
 * const policy = createInstance(pendingLoad, { grainBytes: 9000 }, parts);
 * ```
 */
export interface InstanceParts extends KitParts {
  /** Which NIC a driver serves. */
  readonly nic: NicContext;
  /** The host's side of the virtual NIC that a device emulator serves. */
  readonly port: VnicPort;
  /** Where a load distribution tells what it has moved. */
  readonly moves: MoveLog;
  /** The members of the team that a link monitor watches. */
  readonly members: MemberPort;
}

/**
 * NIC 0 with one queue, as under the inline runtime: one instance does everything.
 *
 * @example
 * ```ts
 * import memoryNic from '@fairlead/nic-driver-memory';
 * import { createInstance, testNicContext } from '@fairlead/sdk/testing';
 *
 * // The instance of a second worker: it sends over a queue of its own, and another one receives.
 * const nic = testNicContext({ queue: 1, queues: 2, role: 'data', receives: false });
 * const driver = createInstance(memoryNic, {}, { nic });
 * ```
 */
export function testNicContext(about: Partial<NicContext> = {}): NicContext {
  return {
    index: 0,
    name: 'nic0',
    queue: 0,
    queues: 1,
    role: 'both',
    receives: true,
    shared: new Float64Array(new SharedArrayBuffer(64 * 8)),
    ...about,
  };
}

/**
 * Makes an instance of a plugin as a host would: what its constructor asks for by token it is given, its options are
 * read against its schema. What is not in `parts` is a test double: two NICs of 1 Gbit/s, one VM, a clock at 0 that
 * moves by hand, a seeded generator, a log that is kept in memory.
 *
 * @throws FairleadError `FAIRLEAD_ERR_PLUGIN_OPTIONS` or `FAIRLEAD_ERR_UNIT` for options that do not fit,
 * `_TOKEN` for a parameter that its kind is not given, `_CONSTRUCT` when the constructor throws, `_HOOK` when a hook of
 * its kind is missing.
 *
 * @example
 * ```ts
 * import { definePlugin, Nics, type NicTable, type TransmitBatch, Type } from '@fairlead/sdk';
 * import { createInstance, testBatch, testNics } from '@fairlead/sdk/testing';
 *
 * class First {
 *   static inject = [Nics];
 *   constructor(private readonly nics: NicTable) {}
 *   select(batch: TransmitBatch): undefined {
 *     batch.nic.fill(this.nics.available[0], 0, batch.count);
 *   }
 * }
 * const plugin = definePlugin({
 *   kind: 'load-distribution',
 *   name: 'first',
 *   apiVersion: 1,
 *   options: Type.Object({}, { additionalProperties: false }),
 *   implementation: First,
 * });
 * const nics = testNics([1e9, 1e9]);
 * nics.setAvailable(1);
 * const batch = testBatch([64]);
 * createInstance(plugin, {}, { nics }).select(batch);
 * console.log(batch.nic[0]); // 1
 * ```
 */
export function createInstance<K extends PluginKind, S extends OptionsSchema>(
  plugin: PluginDefinition<K, S>,
  options: Written<Static<S>> | object = {},
  parts: Partial<InstanceParts> = {},
): ExtensionPoints[K] {
  const where = `${plugin.kind} plugin "${plugin.name}"`;
  const given = new Map<Token<unknown>, unknown>([
    [Options, readOptions(plugin as unknown as PluginDefinition, options as object)],
    [Nics, parts.nics ?? testNics([1e9, 1e9])],
    [Vms, parts.vms ?? testVms([{}])],
    [Time, parts.clock ?? new ManualClock()],
    [Randomness, parts.random ?? testRandom(1)],
    [Logger, parts.log ?? new MemoryLog()],
  ]);
  if (plugin.kind === 'load-distribution') given.set(Moves, parts.moves ?? new MemoryMoves());
  if (plugin.kind === 'nic-driver') given.set(Nic, parts.nic ?? testNicContext());
  if (plugin.kind === 'device-emulator') given.set(Port, parts.port ?? new TestPort());
  if (plugin.kind === 'link-monitor') given.set(Members, parts.members ?? new TestMembers([0, 1]));

  const dependencies = dependenciesOf(plugin.implementation).map((token, i) => {
    if (token !== undefined && given.has(token)) return given.get(token);
    const what =
      token === undefined ? 'names no token' : `asks for ${String(token.description)}, which it is not given`;
    throw new FairleadError('FAIRLEAD_ERR_PLUGIN_TOKEN', `parameter ${i + 1} of its constructor ${what}`, {
      where,
      mend: 'name a token that its kind is given for every parameter, with @inject(Token) or in static inject',
    });
  });
  const instance = construct(plugin, dependencies, where);
  const hooks = instance as unknown as Readonly<Record<string, unknown>>;
  const missing = REQUIRED_HOOKS[plugin.kind].find((hook) => typeof hooks[hook] !== 'function');
  if (missing === undefined) return instance;
  throw new FairleadError('FAIRLEAD_ERR_PLUGIN_HOOK', `it has no ${missing}()`, { where, mend: `write ${missing}()` });
}

function construct<K extends PluginKind, S extends OptionsSchema>(
  { implementation }: PluginDefinition<K, S>,
  dependencies: readonly unknown[],
  where: string,
): ExtensionPoints[K] {
  try {
    return new implementation(...dependencies);
  } catch (cause) {
    if (isFairleadError(cause)) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new FairleadError('FAIRLEAD_ERR_PLUGIN_CONSTRUCT', `its constructor threw: ${message}`, {
      where,
      mend: 'mend the constructor, or the options',
      cause,
    });
  }
}
