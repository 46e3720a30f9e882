import { scenarioSchema } from '@fairlead/simulator';
import { type JsonSchema, published } from './published.ts';

/** The JSON Schema (draft-07) of a scenario file. That of its host lies beside it. */
export function scenarioFileSchema(): JsonSchema {
  const { properties = {}, ...rest } = published(JSON.parse(JSON.stringify(scenarioSchema)) as JsonSchema);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Fairlead scenario',
    description: 'A host to simulate: who sends, what is behind the NICs, and what happens.',
    ...rest,
    properties: {
      ...properties,
      host: {
        description: 'the host, as in a configuration file, or the path of one from here',
        anyOf: [{ type: 'string', minLength: 1 }, { $ref: 'host.schema.json' }],
      },
    },
  };
}

/** The schema as it is printed and kept in `schema/scenario.schema.json`. */
export function scenarioSchemaText(): string {
  return `${JSON.stringify(scenarioFileSchema(), undefined, 2)}\n`;
}
