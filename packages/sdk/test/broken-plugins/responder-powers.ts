import {
  type Action,
  definePlugin,
  type PluginDefinition,
  type ResponderContext,
  type Signal,
} from '../../src/index.ts';
import { SuspendResponder, suspendOptions } from '../reference/suspend-responder.ts';
import type { BrokenPlugin } from './broken-plugin.ts';

type Use = (context: ResponderContext, vm: number) => Promise<void>;

/** A power of a responder: how it is used, how what it did is given back, and what is taken for that by mistake. */
interface Power {
  readonly name: string;
  readonly take: Use;
  readonly giveBack: Use;
  readonly mistake: string;
  readonly mistaken: Use;
}

const POWERS: readonly Power[] = [
  {
    name: 'throttle',
    take: (context, vm) => context.throttle(vm, 0.1),
    giveBack: (context, vm) => context.throttle(vm, 1),
    mistake: 'leaves the VM a tenth short of its CPU time',
    mistaken: (context, vm) => context.throttle(vm, 0.9),
  },
  {
    name: 'delayInterrupts',
    take: (context, vm) => context.delayInterrupts(vm, 20_000),
    giveBack: (context, vm) => context.delayInterrupts(vm, 0),
    mistake: 'takes the least delay for none',
    mistaken: (context, vm) => context.delayInterrupts(vm, 1),
  },
  {
    name: 'limitRate',
    take: (context, vm) => context.limitRate(vm, { inboundBps: 1e6, outboundBps: 1e6 }),
    giveBack: (context, vm) => context.limitRate(vm, { inboundBps: Number.POSITIVE_INFINITY }),
    mistake: 'lifts the limit one way alone',
    mistaken: (context, vm) => context.limitRate(vm, { inboundBps: Number.POSITIVE_INFINITY, outboundBps: 1e6 }),
  },
  {
    name: 'failover',
    take: (context, vm) => context.failover(vm, 'second'),
    giveBack: (context, vm) => context.failover(vm, undefined),
    mistake: 'sends the VM back to a team that it knows by name, which holds it there',
    mistaken: (context, vm) => context.failover(vm, 'first'),
  },
];

type Answer = (actions: readonly Action[]) => readonly Action[];

/** A responder that does to a VM by one power what the reference does by suspending it. */
function using(name: string, take: Use, giveBack: Use, answer: Answer = (actions) => actions): PluginDefinition {
  class Using extends SuspendResponder {
    override async respond(signal: Signal, context: ResponderContext): Promise<readonly Action[]> {
      const suspend = (vm: number): Promise<void> => take(context, vm);
      const resume = (vm: number): Promise<void> => giveBack(context, vm);
      return answer(await super.respond(signal, { ...context, suspend, resume }));
    }
  }
  const plugin = definePlugin({
    kind: 'responder',
    name: `by-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    apiVersion: 1,
    options: suspendOptions,
    implementation: Using,
  });
  return plugin as unknown as PluginDefinition;
}

/** One for each power that uses it rightly. */
export const rightPowers: readonly (() => PluginDefinition)[] = POWERS.map(
  ({ name, take, giveBack }) =>
    () =>
      using(name, take, giveBack),
);

/** What can go wrong with each power. */
export const brokenPowers: readonly BrokenPlugin[] = POWERS.flatMap(
  ({ name, take, giveBack, mistake, mistaken }): BrokenPlugin[] => [
    {
      law: 'undoes what it did, once',
      mistake: `${mistake} (${name})`,
      also: ['lets an action be undone while it responds'],
      plugin: () => using(name, take, mistaken),
    },
    {
      law: 'undoes what it did, once',
      mistake: `gives back twice what it is told to twice (${name})`,
      plugin: () =>
        using(name, take, async (context, vm) => {
          await Promise.all([giveBack(context, vm), giveBack(context, vm)]);
        }),
    },
    {
      law: 'claims nothing that the host refused, and tries again',
      mistake: `does not look at what the host answers (${name})`,
      plugin: () => using(name, (context, vm) => take(context, vm).catch(() => undefined), giveBack),
    },
  ],
);
