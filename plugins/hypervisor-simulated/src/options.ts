import { Milliseconds, Rate, Size, type Static, Type } from '@fairlead/sdk';

/** Options of the simulated hypervisor. */
export const simulatedHypervisorOptions = Type.Object(
  {
    host: Type.Optional(
      Type.String({ minLength: 1, description: 'Name by which other hosts of this process migrate VMs here.' }),
    ),
    latencyMs: Milliseconds({ default: 0, description: "Time that every call takes, by the host's clock." }),
    downtimeMs: Milliseconds({
      default: 0,
      description: "Time in which a migrating VM runs nowhere, by the host's clock, beside that of its switchover.",
    }),
    memoryBytes: Size({ default: 0, description: 'Memory of every VM, copied while it still runs here.' }),
    bandwidthBps: Rate({ default: 10e9, exclusiveMinimum: 0, description: 'At what rate memory is copied.' }),
    dirtyBps: Rate({ default: 0, description: 'At what rate a running VM writes to memory, which is copied anew.' }),
    mostRounds: Type.Integer({
      default: 30,
      minimum: 1,
      maximum: 10_000,
      description: 'After so many rounds of copying the migration is called off.',
    }),
  },
  { additionalProperties: false },
);

export type SimulatedHypervisorOptions = Static<typeof simulatedHypervisorOptions>;
