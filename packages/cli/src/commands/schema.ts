import type { Output } from '../output.ts';
import { hostSchemaText } from '../schema/host-schema.ts';
import { scenarioSchemaText } from '../schema/scenario-schema.ts';

/** `fairlead schema`: prints the JSON Schema of a configuration file, or of a scenario. */
export async function schema(flags: { readonly scenario?: boolean }, output: Output): Promise<number> {
  output.print((await (flags.scenario ? scenarioSchemaText() : hostSchemaText())).trimEnd());
  return 0;
}
