import { Microseconds, Milliseconds, Size, Type } from '@fairlead/sdk';

const options = Type.Optional(
  Type.Record(Type.String(), Type.Unknown(), { description: "the plugin's options; quantities may have a unit" }),
);

/** A plugin in a place of the configuration. */
export const pluginUseSchema = Type.Object(
  {
    use: Type.String({ minLength: 1, description: 'name of a bundled plugin, name of a package, or path of a module' }),
    options,
  },
  { additionalProperties: false },
);

const controlMs = Milliseconds({
  default: 30_000,
  minimum: 1,
  maximum: 3_600_000,
  description: 'time of one control call: making the instance in a worker, open, close, start, migrate and the like',
});

/** What a plugin may use; what is left out is not bounded, but for control calls. */
export const budgetSchema = Type.Object(
  {
    batchUs: Type.Optional(
      Microseconds({ exclusiveMinimum: 0, description: 'time of one call in the data path, as the median of samples' }),
    ),
    controlMs,
    memoryBytes: Type.Optional(
      Size({ exclusiveMinimum: 0, description: 'memory that its constructor and its sampled calls may take' }),
    ),
  },
  { additionalProperties: false, default: {}, description: 'what the plugin may use before it counts as failed' },
);

/** What a plugin of the control path may use. */
const controlBudgetSchema = Type.Object(
  { controlMs },
  { additionalProperties: false, default: {}, description: 'what the plugin may use before it counts as failed' },
);

const failClosed = (what: string) =>
  Type.Union([Type.Literal('closed'), Type.Literal('stop')], {
    default: 'closed',
    description: `when it fails: closed: ${what}; stop: the host stops`,
  });

export const driverSchema = Type.Object(
  { ...pluginUseSchema.properties, fail: failClosed('its NIC is down'), budget: budgetSchema },
  { additionalProperties: false, description: 'the driver, and what happens when it fails' },
);

export const deviceSchema = Type.Object(
  { ...pluginUseSchema.properties, fail: failClosed('its virtual NIC is silent'), budget: controlBudgetSchema },
  { additionalProperties: false, description: 'the device emulator, and what happens when it fails' },
);

export const hypervisorSchema = Type.Object(
  { ...pluginUseSchema.properties, budget: controlBudgetSchema },
  { additionalProperties: false, description: 'the hypervisor; a call that fails leaves the VM as it was' },
);

export const responderSchema = Type.Object(
  { ...pluginUseSchema.properties, budget: controlBudgetSchema },
  { additionalProperties: false, description: 'a responder; when a call of it fails the next one is asked' },
);

export const detectorSchema = Type.Object(
  {
    ...pluginUseSchema.properties,
    windowMs: Milliseconds({
      default: 1000,
      minimum: 1,
      maximum: 3_600_000,
      description: 'how often it judges what has passed by',
    }),
    budget: budgetSchema,
  },
  {
    additionalProperties: false,
    description: 'a detector; one that fails is put aside, and the traffic goes on without it',
  },
);

/** A policy, its fallback and what its failure means, in a place of the configuration. */
export const policySchema = Type.Object(
  {
    ...pluginUseSchema.properties,
    fallback: Type.Optional(pluginUseSchema),
    shadow: Type.Optional(
      Type.Object(pluginUseSchema.properties, {
        additionalProperties: false,
        description: 'a policy that is asked beside it and compared with it, and decides nothing',
      }),
    ),
    fail: Type.Union([Type.Literal('fallback'), Type.Literal('open'), Type.Literal('closed'), Type.Literal('stop')], {
      default: 'fallback',
      description:
        'when it fails: fallback: the next one serves; open: every frame goes, by the first available NIC; ' +
        'closed: every frame is dropped; stop: the host stops',
    }),
    budget: budgetSchema,
  },
  { additionalProperties: false, description: 'a policy, and what happens when it fails' },
);
