import { Milliseconds, Type } from '@fairlead/sdk';

/** The registry of hosts, and how often this one announces itself. */
export const registrySchema = Type.Object(
  {
    use: Type.String({ minLength: 1, description: 'name of a bundled plugin, name of a package, or path of a module' }),
    options: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: "the plugin's options; quantities may have a unit" }),
    ),
    budget: Type.Object(
      {
        controlMs: Milliseconds({
          default: 5000,
          minimum: 1,
          maximum: 3_600_000,
          description: 'time of one call; a registry that does not answer in it is out of reach',
        }),
      },
      {
        additionalProperties: false,
        default: {},
        description: 'what the plugin may use before a call counts as failed',
      },
    ),
    announceMs: Milliseconds({
      default: 2000,
      minimum: 10,
      description: 'how often the host announces itself, and claims anew the VMs that it has',
    }),
  },
  {
    additionalProperties: false,
    description: 'the registry by which hosts know each other; it needs the name of this one',
  },
);

/** How VMs go from host to host. */
export const migrationSchema = Type.Object(
  {
    atOnce: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: 64,
      description: 'migrations at once: so many VMs leave the host, and so many come to it',
    }),
    coolDownMs: Milliseconds({
      default: 60_000,
      description: 'time after a migration before a responder may migrate the VM again; it doubles each time',
    }),
    maxCoolDownMs: Milliseconds({
      default: 3_600_000,
      description: 'longest such time; a VM that stays for so long begins anew',
    }),
    limitMs: Milliseconds({
      default: 300_000,
      minimum: 1,
      description: 'time from the begin of a migration to its end, after which it is called off',
    }),
    drainMs: Milliseconds({
      default: 50,
      description: "how long the VM's last frames may take to leave by a NIC before the other host has its address",
    }),
  },
  { additionalProperties: false, default: {}, description: 'how VMs go to other hosts' },
);
