import { type Action, FairleadError, isFairleadError, type Responder, type Signal } from '@fairlead/sdk';
import type { PluginPlan } from '../plan.ts';
import { type ControlCall, inTime } from '../plugins/control-call.ts';
import type { Reach } from './reach.ts';

/** A responder in its place of a chain. */
export interface ChainLink {
  readonly responder: Responder;
  readonly plan: PluginPlan<'responder'>;
}

/** An action as the host has accepted it. */
export type Accepted = Pick<Action, 'name' | 'expiresAtUs' | 'reason' | 'rejected'> & { readonly action: Action };

const about = ({ plan: { name, where, budget } }: ChainLink, hook: string): ControlCall => ({
  plugin: name,
  hook,
  where,
  limitMs: budget.controlMs,
});

/**
 * Asks a responder what it does about a signal, within its budget of time.
 *
 * @throws FairleadError `FAIRLEAD_ERR_PLUGIN_LATE`, `FAIRLEAD_ERR_PLUGIN_ANSWER`, or what the responder itself throws.
 */
export async function ask(link: ChainLink, signal: Signal, reach: Reach): Promise<readonly Accepted[]> {
  const given = structuredClone(signal); // a responder that writes to it does so alone
  const answer: unknown = await inTime(() => link.responder.respond(given, reach.context), about(link, 'respond'));
  const wrong = (what: string): FairleadError =>
    new FairleadError('FAIRLEAD_ERR_PLUGIN_ANSWER', `responder plugin "${link.plan.name}" ${what}`, {
      where: link.plan.where,
      mend: 'answer with an array of actions, empty when nothing is done',
    });
  if (!Array.isArray(answer)) throw wrong('answered with no array of actions');
  return (answer as readonly Partial<Action>[]).map((action) => {
    const { name, vm, expiresAtUs, reason, rejected } = action;
    if (typeof action.undo !== 'function') throw wrong('took an action that cannot be undone');
    if (vm !== undefined && vm !== signal.vm) throw wrong(`acted on VM number ${vm}, which the signal is not about`);
    const { nowUs, ttlMs } = reach.context;
    const latestUs = nowUs + ttlMs * 1000;
    return {
      action: action as Action,
      name: typeof name === 'string' && name !== '' ? name : link.plan.name,
      // A time that is none would never come.
      expiresAtUs: typeof expiresAtUs === 'number' && expiresAtUs < latestUs ? expiresAtUs : latestUs,
      reason: typeof reason === 'string' ? reason : '',
      rejected: Array.isArray(rejected) ? rejected.map(String) : [],
    };
  });
}

/** Has a responder take an action back, within its budget of time; says what went wrong. */
export async function takeBack(link: ChainLink, { action }: Accepted): Promise<string | undefined> {
  try {
    await inTime(() => action.undo(), about(link, 'undo'));
    return undefined;
  } catch (cause) {
    return messageOf(cause);
  }
}

export function messageOf(cause: unknown): string {
  if (isFairleadError(cause)) return cause.what;
  return cause instanceof Error ? cause.message : String(cause);
}
