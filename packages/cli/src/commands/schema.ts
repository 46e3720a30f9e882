import type { Output } from '../output.ts';
import { hostSchemaText } from '../schema/host-schema.ts';

/** `fairlead schema`: prints the JSON Schema of a configuration file. */
export async function schema(output: Output): Promise<number> {
  output.print((await hostSchemaText()).trimEnd());
  return 0;
}
