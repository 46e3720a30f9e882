import type { PluginPlan } from '../plan.ts';

/** What a batch is filled with before a policy is called, as its seat has it. */
export interface BatchNeeds {
  readonly needsFlow: boolean;
  readonly needsHeaders: boolean;
}

/** What a plugin asks for in its definition, with the options that it has. */
export function needsOf({ definition, options }: Pick<PluginPlan, 'definition' | 'options'>): BatchNeeds {
  const { needs: asked = [] } = definition;
  const needs = typeof asked === 'function' ? asked(options as never) : asked;
  return { needsFlow: needs.includes('flow'), needsHeaders: needs.includes('headers') };
}
