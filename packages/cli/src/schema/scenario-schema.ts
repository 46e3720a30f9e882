import { clusterSchema, scenarioSchema } from '@fairlead/simulator';
import { type JsonSchema, published } from './published.ts';

const WHERE = { anyOf: [{ type: 'string', minLength: 1 }, { $ref: 'host.schema.json' }] };

/** The JSON Schema (draft-07) of a scenario file, of one host or of several. That of a host lies beside it. */
export function scenarioFileSchema(): JsonSchema {
  const { properties = {}, required = [], ...rest } = publishedCopy(scenarioSchema);
  const { hosts, links, watch } = publishedCopy(clusterSchema).properties ?? {};
  const [each, template] = hosts?.anyOf ?? [];
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Fairlead scenario',
    description: 'Hosts to simulate: who sends, what is behind the NICs, and what happens.',
    ...rest,
    required: required.filter((key) => key !== 'host'),
    oneOf: [{ required: ['host'] }, { required: ['hosts'] }],
    properties: {
      ...properties,
      host: { description: 'the host, as in a configuration file, or the path of one from here', ...WHERE },
      hosts: {
        ...hosts,
        anyOf: [
          { ...each, items: WHERE },
          {
            ...template,
            properties: { ...template?.properties, template: { ...template?.properties?.['template'], ...WHERE } },
          },
        ],
      },
      ...(links === undefined || watch === undefined ? {} : { links, watch }),
    },
  };
}

function publishedCopy(schema: object): JsonSchema {
  return published(JSON.parse(JSON.stringify(schema)) as JsonSchema);
}

/** The schema as it is printed and kept in `schema/scenario.schema.json`. */
export function scenarioSchemaText(): string {
  return `${JSON.stringify(scenarioFileSchema(), undefined, 2)}\n`;
}
