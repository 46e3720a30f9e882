import type { PluginDefinition } from '../../plugin.ts';
import type { Responder } from '../../points/responder.ts';
import type { Action, Signal } from '../../points/signal.ts';
import type { ConformanceGiven } from '../conformance-laws.ts';
import { createInstance } from '../instance.ts';
import { firstDifference } from './frames.ts';
import { asyncLaw, type Law } from './law.ts';
import { optionSets } from './option-sets.ts';
import { kitParts, tablesWritten } from './parts.ts';
import {
  drawResponder,
  RESPONDER_VMS,
  type ResponderScenario,
  simplerResponder,
  tellResponder,
  tellSignal,
} from './responder-scenario.ts';
import { ResponderWorld } from './responder-world.ts';
import { startsAndClosesLaw } from './starts.ts';

const ROUNDS = 60;

/** One instance with a host of its own. */
class Rig {
  readonly world = new ResponderWorld();
  readonly responder: Responder;
  readonly tablesWritten: () => string | undefined;
  nowUs = 0;
  readonly #ttlMs: number;

  constructor(plugin: PluginDefinition<'responder'>, { options, ttlMs }: ResponderScenario) {
    const parts = kitParts(
      [1e9, 1e9, 1e9, 1e9],
      Array.from({ length: RESPONDER_VMS }, () => ({})),
    );
    this.tablesWritten = tablesWritten(parts);
    this.responder = createInstance(plugin, options, parts);
    this.#ttlMs = ttlMs;
  }

  /** What the responder answers to a signal; none when it rejects. */
  async respond(signal: Signal): Promise<readonly Action[]> {
    try {
      return await this.responder.respond(signal, this.world.context(this.nowUs, this.#ttlMs));
    } catch {
      return [];
    }
  }
}

/** What every responder does. */
export function responderKit(plugin: PluginDefinition<'responder'>, given: ConformanceGiven): readonly Law[] {
  const { usable: options } = optionSets(plugin as unknown as PluginDefinition, given.options);
  const onEveryScenario = (
    name: string,
    fault: (scenario: ResponderScenario, rig: Rig) => Promise<string | undefined>,
  ): Law =>
    asyncLaw<ResponderScenario>({
      name,
      rounds: Math.max(ROUNDS, options.length * 3),
      draw: (random, round) => drawResponder(random, options[round % options.length]),
      fault: (scenario) => fault(scenario, new Rig(plugin, scenario)),
      simpler: simplerResponder,
      tell: tellResponder,
    });

  /** Looks at what is answered to each signal. */
  const onEveryAnswer = (
    name: string,
    look: (actions: readonly Action[], signal: Signal, rig: Rig, ttlMs: number) => string | undefined,
  ): Law =>
    onEveryScenario(name, async (scenario, rig) => {
      for (const signal of scenario.signals) {
        rig.nowUs = signal.atUs;
        const fault = look(await rig.respond(signal), signal, rig, scenario.ttlMs);
        if (fault !== undefined) return `about ${tellSignal(signal)}, ${fault}`;
      }
      return undefined;
    });

  /** Goes through the signals that move the responder to do something, each on a host of its own. */
  const onEveryAction = (
    name: string,
    fault: (
      rig: Rig,
      actions: readonly Action[],
      signal: Signal,
      scenario: ResponderScenario,
    ) => Promise<string | undefined>,
  ): Law =>
    onEveryScenario(name, async (scenario) => {
      for (const signal of scenario.signals) {
        const rig = new Rig(plugin, scenario);
        const actions = await rig.respond(signal);
        const found = await fault(rig, actions, signal, scenario);
        if (found !== undefined) return `about ${tellSignal(signal)}, ${found}`;
      }
      return undefined;
    });

  return [
    startsAndClosesLaw(plugin as unknown as PluginDefinition, given.options),
    onEveryAnswer('answers with actions that say what was done and why', (actions) => {
      if (!Array.isArray(actions)) return `it answered ${String(actions)}, not an array of actions`;
      return (actions as readonly Action[]).map(ill).find((fault) => fault !== undefined);
    }),
    onEveryAnswer('takes actions that expire, within their time to live', (actions, _signal, rig, ttlMs) => {
      const late = actions.find(
        ({ expiresAtUs }) => !(expiresAtUs > rig.nowUs && expiresAtUs <= rig.nowUs + ttlMs * 1000),
      );
      if (late === undefined) return undefined;
      return `at ${rig.nowUs} us with ${ttlMs} ms to live, its ${late.name} expires at ${late.expiresAtUs} us`;
    }),
    onEveryAnswer('acts on the VM of the signal and on no other', (actions, signal, { world }) => {
      const other = world.calls.splice(0).find((call) => call.split(' ').at(-1) !== String(signal.vm));
      if (other !== undefined) return `it asked the host to ${other}`;
      const named = actions.find(({ vm }) => vm !== undefined && vm !== signal.vm);
      return named === undefined ? undefined : `it says that its ${named.name} is about VM ${named.vm}`;
    }),
    onEveryAnswer('leaves the tables to their writers', (_actions, _signal, rig) => {
      return rig.tablesWritten();
    }),
    onEveryAction('does nothing twice about a signal that persists', async (rig, actions, signal, { ttlMs }) => {
      const calls = rig.world.calls.length;
      for (const afterUs of [0, ttlMs * 500]) {
        rig.nowUs = afterUs;
        const again = await rig.respond({ ...signal, atUs: rig.nowUs });
        if (actions.length === 0) continue;
        const more = rig.world.calls[calls];
        if (more !== undefined) return `it asked the host to ${more} once more while its action stood`;
        const another = again.find((action) => !actions.includes(action));
        if (another !== undefined) return `it took another action, ${another.name}, while the first one stood`;
      }
      return undefined;
    }),
    onEveryAction('acts again when its action was undone', async (rig, actions, signal) => {
      const calls = [...rig.world.calls];
      for (const action of actions) await action.undo();
      rig.world.reset();
      rig.world.calls.length = 0;
      const again = await rig.respond(signal);
      if (again.length === actions.length && rig.world.calls.join() === calls.join()) return undefined;
      return `it did this at first: ${tell(calls)}; and once that was undone: ${tell(rig.world.calls)}`;
    }),
    onEveryAction('undoes what it did, once', async (rig, actions) => {
      const { world } = rig;
      if (actions.length === 0 && world.left !== undefined) return `it returned no action, and ${world.left}`;
      const undone = world.calls.length;
      await Promise.all(actions.flatMap((action) => [action.undo(), action.undo()]));
      if (world.left !== undefined) return `${world.left} when all was undone`;
      const twice = world.calls.slice(undone).find((call, i, calls) => calls.indexOf(call) !== i);
      return twice === undefined ? undefined : `undone twice, it asked the host to ${twice} twice`;
    }),
    onEveryAction('undoes in peace what it did to a VM that is gone', async (rig, actions) => {
      rig.world.states.fill('gone');
      for (const action of actions) {
        try {
          await action.undo();
        } catch (error) {
          return `the undo of its ${action.name} rejected: ${String(error)}`;
        }
      }
      return undefined;
    }),
    onEveryAction('claims nothing that the host refused, and tries again', async (_, actions, signal, scenario) => {
      const rig = new Rig(plugin, scenario);
      rig.world.refuses = true;
      const claimed = await rig.respond({ ...signal });
      if (rig.world.calls.length > 0 && claimed.length > 0)
        return `it claims to have done ${claimed[0].name}; the host refused`;
      rig.world.refuses = false;
      const again = await rig.respond({ ...signal });
      return again.length === actions.length ? undefined : 'it did not try again when the host was willing';
    }),
    onEveryScenario('lets an action be undone while it responds', async (scenario, rig) => {
      const { world } = rig;
      let standing: readonly Action[] = [];
      for (const signal of scenario.signals) {
        world.holds = true;
        const answer = rig.respond(signal);
        const undone = standing.map((action) => action.undo());
        for (let turn = 0; turn < 20; turn++) await Promise.resolve();
        world.go();
        await Promise.all(undone);
        standing = await answer;
      }
      for (const action of standing) await action.undo();
      const stands = scenario.signals.some((signal, i) => i > 0 && signal.vm === scenario.signals[i - 1].vm);
      return stands || world.left === undefined ? undefined : `${world.left} when all was undone`;
    }),
    onEveryScenario('works alike in two instances, which share nothing', async (scenario, rig) => {
      const rigs = [new Rig(plugin, scenario), new Rig(plugin, scenario)];
      const hear = (each: Rig, signal: Signal): Promise<unknown> => {
        each.nowUs = signal.atUs;
        return each.respond(signal);
      };
      for (const signal of scenario.signals) await hear(rig, signal);
      for (const signal of scenario.signals) for (const each of rigs) await hear(each, signal);
      const [alone, one, other] = [rig, ...rigs].map(({ world }) => world.calls.map((call) => `asked to ${call}`));
      return (
        firstDifference(alone, one, 'beside a second instance') ?? firstDifference(alone, other, 'as a second instance')
      );
    }),
  ];
}

function ill(action: Action): string | undefined {
  const { name, reason, rejected, undo } = action;
  if (typeof name !== 'string' || name === '') return `its action has the name ${JSON.stringify(name)}`;
  if (typeof reason !== 'string' || reason === '') return `its ${name} has the reason ${JSON.stringify(reason)}`;
  if (!Array.isArray(rejected) || rejected.some((one) => typeof one !== 'string' || one === ''))
    return `its ${name} says that it rejected ${JSON.stringify(rejected)}`;
  return typeof undo === 'function' ? undefined : `its ${name} cannot be undone`;
}

function tell(calls: readonly string[]): string {
  return calls.length === 0 ? 'nothing' : calls.join(', ');
}
