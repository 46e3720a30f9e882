import type { PolicySection } from '@fairlead/core';
import { Milliseconds, Type } from '@fairlead/sdk';
import { controlCommand } from '../command.ts';

const section = Type.Union([Type.Literal('admission'), Type.Literal('distribution')], {
  description: 'a section of the configuration: admission or distribution',
});

const policy = {
  section,
  use: Type.String({ minLength: 1, description: 'name of a bundled plugin, name of a package, or path of a module' }),
  options: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: "the plugin's options" })),
};

const closed = { additionalProperties: false } as const;

/** What a request names, as the host takes it. */
function given({ use, options }: { use: string; options?: Record<string, unknown> }) {
  return { use, ...(options === undefined ? {} : { options }) };
}

export const policyCommands = [
  controlCommand({
    name: 'swap',
    args: Type.Object(
      {
        ...policy,
        probationMs: Type.Optional(
          Milliseconds({ minimum: 0, maximum: 86_400_000, description: 'how long the predecessor is kept' }),
        ),
        reload: Type.Optional(Type.Boolean({ description: "whether the plugin's module is loaded afresh" })),
      },
      closed,
    ),
    run: ({ host }, { section, probationMs, reload, ...use }) =>
      host.swap<PolicySection>(section, given(use), {
        ...(probationMs === undefined ? {} : { probationMs }),
        ...(reload === undefined ? {} : { reload }),
      }),
  }),
  controlCommand({
    name: 'shadow.set',
    args: Type.Object(policy, closed),
    run: ({ host }, { section, ...use }) => host.shadow<PolicySection>(section, given(use)),
  }),
  controlCommand({
    name: 'shadow.clear',
    args: Type.Object({ section }, closed),
    run: ({ host }, { section }) => host.shadow<PolicySection>(section, undefined),
  }),
  controlCommand({
    name: 'shadow.report',
    args: Type.Object({}, closed),
    run: ({ host }) => host.shadowReport(),
  }),
];
