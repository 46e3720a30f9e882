import 'reflect-metadata';
import {
  type Clock,
  dependenciesOf,
  type ExtensionPoints,
  FairleadError,
  isFairleadError,
  Logger,
  Moves,
  Nics,
  type NicTable,
  Options,
  type PluginClass,
  type PluginDefinition,
  type PluginKind,
  type PolicyMove,
  Randomness,
  REQUIRED_HOOKS,
  Time,
  type Token,
  Vms,
  type VmTable,
} from '@fairlead/sdk';
import { container, type DependencyContainer, type InjectionToken } from 'tsyringe';
import type { CostProbe } from '../clock.ts';
import { SeededRandom } from '../random.ts';
import { limitedLog, limitedMoves } from './limited-log.ts';

/** What a thread has to give to the plugins it makes. */
export interface Surroundings {
  /** The NICs, as the instance is to see them. */
  readonly nics: NicTable;
  /** The VMs. */
  readonly vms: VmTable;
  /** The time. */
  readonly clock: Clock;
  /** From which the plugin's generator starts. */
  readonly seed: number;
  /** What the cost of plugins is measured by; the machine when left out. */
  readonly probe?: CostProbe;
  /** Where its log goes. */
  readonly log: (
    level: 'info' | 'warn',
    plugin: string,
    message: string,
    fields?: Readonly<Record<string, unknown>>,
  ) => void;
  /** Where it tells what it has moved, and how many moves were too many to tell of since; nowhere when left out. */
  readonly moved?: (plugin: string, move: PolicyMove, leftOut: number) => void;
}

/** A dependency that only one kind of plugin is given. */
export interface Provided<T> {
  /** The token it is asked for by. */
  readonly token: Token<T>;
  /** What is given. */
  readonly value: T;
}

/** Kinds whose hooks run in the data path and must not be async. */
const HOT: ReadonlySet<PluginKind> = new Set(['admission', 'load-distribution', 'detector']);
const HOT_HOOKS: ReadonlySet<string> = new Set([
  'admit',
  'select',
  'sweep',
  'observe',
  'judge',
  'send',
  'receive',
  'poll',
]);

/**
 * Makes an instance of a plugin: a child container of its own gives its constructor what it asks for, by token.
 *
 * @throws FairleadError `FAIRLEAD_ERR_PLUGIN_TOKEN`, `_CIRCULAR`, `_CONSTRUCT`,
 * `_HOOK` or `_ASYNC`, naming plugin and place.
 * @example
 * ```ts
 * import { Arena, createArena } from '@fairlead/core/stages';
 *
 * const shape = { vms: 2, nics: 1, workers: 1, poolFrames: 1024, slotBytes: 2048, txRingFrames: 16, rxRingFrames: 16 };
 * const handle = createArena({ ...shape, nicRingFrames: 64 }, { nics: ['uplink0'], vms: ['web', 'db'] });
 * const arena = new Arena(handle, 0);
 * import { instantiate, type Provided, type Surroundings } from '@fairlead/core/stages';
 * import roundRobin from '@fairlead/load-distribution-round-robin';
 * import { type Clock, Time } from '@fairlead/sdk';
 *
 * const clock: Clock = { nowUs: () => 0 };
 * const surroundings: Surroundings = { nics: arena.nics, vms: arena.vms, clock, seed: 1, log: console.log };
 * const policy = instantiate(roundRobin, { weighted: false }, surroundings, 'distribution');
 * const own: Provided<Clock> = { token: Time, value: clock }; // what only one kind is given goes as a last argument
 * ```
 */
export function instantiate<K extends PluginKind>(
  definition: PluginDefinition<K>,
  options: unknown,
  surroundings: Surroundings,
  where: string,
  provided?: Provided<unknown>,
): ExtensionPoints[K] {
  const { kind, name, implementation } = definition;
  const child = container.createChildContainer();
  const log = limitedLog(
    (level, message, fields) => surroundings.log(level, name, message, fields),
    surroundings.clock,
  );
  const give = (token: Token<never>, useValue: unknown): void => {
    child.register(token as unknown as InjectionToken, { useValue });
  };
  give(Options as Token<never>, options);
  give(Nics as Token<never>, surroundings.nics);
  give(Vms as Token<never>, surroundings.vms);
  give(Time as Token<never>, surroundings.clock);
  give(Randomness as Token<never>, new SeededRandom(surroundings.seed, where));
  give(Logger as Token<never>, log);
  if (kind === 'load-distribution') {
    const moves = limitedMoves((move, leftOut) => surroundings.moved?.(name, move, leftOut), surroundings.clock);
    give(Moves as Token<never>, moves);
  }
  if (provided !== undefined) give(provided.token as Token<never>, provided.value);
  demandTokens(definition, where);
  demandNoCircle(definition, where);
  let instance: ExtensionPoints[K];
  try {
    instance = new implementation(...dependenciesOf(implementation).map((token, i) => ask(child, token, i)));
  } catch (cause) {
    throw constructionError(kind, name, where, cause);
  }
  checkHooks(kind, name, instance, where);
  return instance;
}

/** A parameter of the constructor of which nothing says what it is would be given undefined, without a word. */
function demandTokens({ kind, name, implementation }: PluginDefinition, where: string): void {
  const tokens = Reflect.getOwnMetadata('injectionTokens', implementation) as Record<number, unknown> | undefined;
  const types = Reflect.getOwnMetadata('design:paramtypes', implementation) as readonly unknown[] | undefined;
  for (let i = 0; i < implementation.length; i++) {
    if (tokens?.[i] !== undefined || types?.[i] !== undefined) continue;
    throw new FairleadError(
      'FAIRLEAD_ERR_PLUGIN_TOKEN',
      `${kind} plugin "${name}" does not say what parameter ${i + 1} of its constructor is`,
      {
        where,
        mend: 'name a token for every parameter, with @inject(Token) or in static inject',
      },
    );
  }
}

/** A plugin that asks for itself, or for a class that in the end asks for it, could never be made. */
function demandNoCircle(definition: PluginDefinition, where: string): void {
  const { kind, name, implementation } = definition;
  const seen = new Set<unknown>();
  const pathTo = (from: PluginClass<unknown>): readonly string[] | undefined => {
    for (const token of (from.inject ?? dependenciesOf(from)) as readonly unknown[]) {
      if (token === implementation || token === definition) return [];
      if (typeof token !== 'function' || seen.has(token)) continue;
      seen.add(token);
      const rest = pathTo(token as PluginClass<unknown>);
      if (rest !== undefined) return [token.name, ...rest];
    }
    return undefined;
  };
  const path = pathTo(implementation);
  if (path === undefined) return;
  const own = implementation.name || name;
  throw new FairleadError(
    'FAIRLEAD_ERR_PLUGIN_CIRCULAR',
    `${kind} plugin "${name}" asks for itself: ${[own, ...path, own].join(' → ')}`,
    { where, mend: 'ask only for tokens of the sdk; what two parts of a plugin share, its constructor makes' },
  );
}

class MissingToken extends Error {}

/** Resolves what parameter `index` asks for. */
function ask(child: DependencyContainer, token: Token<unknown> | undefined, index: number): unknown {
  if (token === undefined) throw new MissingToken(`parameter ${index + 1} of its constructor names no token`);
  if (!child.isRegistered(token as InjectionToken)) throw new MissingToken(`${nameOf(token)} is not given to its kind`);
  return child.resolve(token as InjectionToken);
}

function nameOf(token: unknown): string {
  if (typeof token === 'symbol') return String(token.description);
  return typeof token === 'function' ? `class ${token.name}` : String(token);
}

function constructionError(kind: PluginKind, name: string, where: string, cause: unknown): FairleadError {
  if (isFairleadError(cause)) return cause as FairleadError;
  const message = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof MissingToken) {
    return new FairleadError(
      'FAIRLEAD_ERR_PLUGIN_TOKEN',
      `${kind} plugin "${name}" asks for something it is not given: ${message}`,
      {
        where,
        mend: 'use @inject(Token) with a token that its kind is given, on every parameter of the constructor',
      },
    );
  }
  return new FairleadError('FAIRLEAD_ERR_PLUGIN_CONSTRUCT', `${kind} plugin "${name}" could not be made: ${message}`, {
    where,
    mend: 'mend its constructor, or its options',
    cause,
  });
}

function checkHooks<K extends PluginKind>(kind: K, name: string, instance: ExtensionPoints[K], where: string): void {
  const hooks = instance as unknown as Readonly<Record<string, unknown>>;
  for (const hook of REQUIRED_HOOKS[kind]) {
    if (typeof hooks[hook] !== 'function') {
      throw new FairleadError('FAIRLEAD_ERR_PLUGIN_HOOK', `${kind} plugin "${name}" has no ${hook}()`, {
        where,
        mend: `write the hook ${hook}; the extension point's documentation says what it does`,
      });
    }
  }
  for (const hook of HOT_HOOKS) {
    const hot = HOT.has(kind) || kind === 'nic-driver' || kind === 'device-emulator';
    if (
      hot &&
      (hooks[hook] as { constructor?: { name?: string } } | undefined)?.constructor?.name === 'AsyncFunction'
    ) {
      throw new FairleadError('FAIRLEAD_ERR_PLUGIN_ASYNC', `${hook}() of ${kind} plugin "${name}" is async`, {
        where,
        mend: 'make it a plain function: the data path does not wait',
      });
    }
  }
}
