import type { PluginDefinition } from '@fairlead/sdk';

/** What a batch is filled with before a policy is called, as its seat has it. */
export interface BatchNeeds {
  readonly needsFlow: boolean;
  readonly needsHeaders: boolean;
}

/** What a plugin asks for in its definition. */
export function needsOf({ needs = [] }: Pick<PluginDefinition, 'needs'>): BatchNeeds {
  return { needsFlow: needs.includes('flow'), needsHeaders: needs.includes('headers') };
}
