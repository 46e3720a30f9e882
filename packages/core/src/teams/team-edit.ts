import { FairleadError } from '@fairlead/sdk';
import type { TeamPlan, TeamRules } from './team-rules.ts';

/** What an operator may change about a team while it runs. NICs by name. */
export interface TeamEdit {
  /** Names of the NICs that serve. */
  readonly active?: readonly string[];
  /** Names of the NICs that stand in for them. */
  readonly standby?: readonly string[];
  /** null: no primary. */
  readonly primary?: string | null;
  /** When a NIC that has returned serves again. */
  readonly reselect?: TeamRules['reselect'];
  /** Links that must be up for the team to be up. */
  readonly minLinks?: number;
  /** Whether an active NIC that has returned serves again. */
  readonly failback?: boolean;
  /** How long a NIC that came back must stay up before it serves, in milliseconds. */
  readonly holdDownMs?: number;
}

/**
 * A team's plan after an edit. Members that are named nowhere any more become unused.
 *
 * @param number the number of a member, by its name; throws for a NIC that is none
 * @throws FairleadError `FAIRLEAD_ERR_HOST_STATE` for an order that names a NIC twice or leaves no active member.
 */
export function editedPlan(plan: TeamPlan, edit: TeamEdit, number: (name: string) => number): TeamPlan {
  const active = edit.active?.map(number) ?? plan.active;
  // A member that is moved to one list leaves the other.
  const standby = edit.standby?.map(number) ?? plan.standby.filter((nic) => !active.includes(nic));
  const kept = edit.active === undefined ? active.filter((nic) => !standby.includes(nic)) : active;
  const serving = [...kept, ...standby];
  if (kept.length === 0 || new Set(serving).size < serving.length) {
    throw new FairleadError('FAIRLEAD_ERR_HOST_STATE', `team "${plan.name}" cannot have this order`, {
      mend: 'name every member once, and one active at least',
    });
  }
  const everyone = [...plan.active, ...plan.standby, ...plan.unused];
  const { minLinks = plan.minLinks, failback = plan.failback, reselect = plan.reselect } = edit;
  return {
    ...plan,
    active: kept,
    standby,
    unused: everyone.filter((nic) => !serving.includes(nic)),
    primary: edit.primary === undefined ? plan.primary : edit.primary === null ? undefined : number(edit.primary),
    holdDownUs: edit.holdDownMs === undefined ? plan.holdDownUs : edit.holdDownMs * 1000,
    minLinks,
    failback,
    reselect,
  };
}
