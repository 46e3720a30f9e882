import { Milliseconds, type Static, Type } from '@fairlead/sdk';

const names = (description: string) => Type.Array(Type.String(), { default: [], maxItems: 65_536, description });

/** What a host raises by itself, and what detectors raise. */
const kindSchema = Type.Union(
  [
    Type.Literal('attack'),
    Type.Literal('backlog'),
    Type.Literal('failover'),
    Type.Literal('nic-down'),
    Type.Literal('reservation-unmet'),
  ],
  { description: 'the kind of signal that the chain answers' },
);

const limitsSchema = Type.Object(
  {
    actions: Type.Integer({ minimum: 1, maximum: 65_536, description: 'how often it may act' }),
    perMs: Milliseconds({ minimum: 1, description: 'within any time of this length' }),
  },
  { additionalProperties: false, description: 'how much the chain may do, over all VMs' },
);

const backlogSchema = Type.Object(
  {
    frames: Type.Integer({ minimum: 1, description: 'with so many frames waiting in its ring a VM is behind' }),
    lowFrames: Type.Integer({ default: 0, minimum: 0, description: 'with so few it has caught up' }),
  },
  { additionalProperties: false, description: 'from when to when a VM is behind; only for on: backlog' },
);

/** A chain of responders, without the responders: `responderSchema` is the host's own. */
const chainProperties = {
  on: kindSchema,
  vms: names('VMs that the chain acts on in place of the one that a signal names'),
  ttlMs: Milliseconds({
    default: 30_000,
    minimum: 1,
    maximum: 86_400_000,
    description: 'how long an action stands at most; then it is undone',
  }),
  whileSignalled: Type.Boolean({ default: true, description: 'whether an action is undone when its signal is over' }),
  forMs: Milliseconds({ default: 0, description: 'how long a signal must last before it is answered' }),
  clearMs: Milliseconds({ default: 0, description: 'how long a signal must be gone before it is over' }),
  coolDownMs: Milliseconds({ default: 0, description: 'how long a VM is left alone when an action on it has ended' }),
  escalateMs: Type.Optional(
    Milliseconds({
      minimum: 1,
      description: 'when a signal lasts so long after an action, the next responder is asked',
    }),
  ),
  minConfidence: Type.Number({ default: 0, minimum: 0, maximum: 1, description: 'less certain signals are not heard' }),
  allow: names('VMs that are never touched'),
  budget: Type.Optional(limitsSchema),
  dryRun: Type.Boolean({ default: false, description: 'whether it is only said what would be done' }),
  backlog: Type.Optional(backlogSchema),
  detectors: Type.Array(Type.String(), {
    default: [],
    maxItems: 16,
    description: 'names of the detectors that it hears; all of them when empty',
  }),
} as const;

/** The chains of a host, given the schema of a plugin of the control path. */
export const signalsSchema = <R extends Parameters<typeof Type.Array>[0]>(responder: R) =>
  Type.Array(
    Type.Object(
      {
        ...chainProperties,
        responders: Type.Array(responder, {
          minItems: 1,
          maxItems: 8,
          description: 'who is asked what to do, in the order of escalation',
        }),
      },
      { additionalProperties: false, description: 'what is done about signals of one kind' },
    ),
    { default: [], maxItems: 64 },
  );

/** When a chain acts, and on whom, with every default in place. */
export type ChainRule = Static<ReturnType<typeof Type.Object<typeof chainProperties>>>;
