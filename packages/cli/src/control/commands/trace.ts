import { Milliseconds, Type } from '@fairlead/sdk';
import { controlCommand } from '../command.ts';

export const traceCommands = [
  controlCommand({
    name: 'trace',
    args: Type.Object(
      {
        vm: Type.String({ minLength: 1, description: 'name of a VM' }),
        frames: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'frames to wait for' })),
        // Less than a client waits for its answer.
        forMs: Type.Optional(Milliseconds({ minimum: 0, maximum: 50_000, description: 'how long to wait for them' })),
      },
      { additionalProperties: false },
    ),
    run: ({ host }, { vm, frames, forMs }) =>
      host.trace(vm, { ...(frames === undefined ? {} : { frames }), ...(forMs === undefined ? {} : { forMs }) }),
  }),
];
