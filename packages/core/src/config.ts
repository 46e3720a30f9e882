import { Milliseconds, Rate, Size, type Static, Type, type WrittenValue } from '@fairlead/sdk';
import { migrationSchema, registrySchema } from './cluster/cluster-config.ts';
import { MAX_TEAMS } from './memory/layout.ts';
import { observeSchema } from './observe-config.ts';
import {
  type budgetSchema,
  detectorSchema,
  deviceSchema,
  driverSchema,
  hypervisorSchema,
  pluginUseSchema,
  policySchema,
  responderSchema,
} from './plugin-schemas.ts';
import { signalsSchema } from './signals/signal-config.ts';
import { teamProperties } from './teams/team-config.ts';

const name = (description: string) =>
  Type.String({ minLength: 1, maxLength: 63, pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$', description });

/** A VM's bandwidth allocation. */
export const bandwidthSchema = Type.Object(
  {
    reservationBps: Rate({ default: 0, description: 'guaranteed rate' }),
    limitBps: Type.Optional(
      Rate({ exclusiveMinimum: 0, description: 'allocated rate, the average it may not exceed' }),
    ),
    peakBps: Type.Optional(Rate({ exclusiveMinimum: 0, description: 'rate within a burst' })),
    burstBytes: Size({ default: 0, description: 'bytes that may go at the peak rate' }),
    shares: Type.Number({ default: 1, exclusiveMinimum: 0, maximum: 1e6, description: 'weight relative to other VMs' }),
    priority: Type.Integer({ default: 0, minimum: 0, maximum: 255, description: 'higher is served first' }),
  },
  { additionalProperties: false, default: {}, description: "the VM's bandwidth allocation" },
);

const nicSchema = Type.Object(
  {
    name: name('name of the NIC'),
    driver: driverSchema,
    role: Type.Union([Type.Literal('active'), Type.Literal('standby'), Type.Literal('unused')], {
      default: 'active',
      description: 'role in the team: a standby serves while an active NIC is down, an unused one never',
    }),
    priority: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 255,
      description: 'higher becomes the current NIC of its team first, while the primary is down',
    }),
  },
  { additionalProperties: false },
);

const vmSchema = Type.Object(
  {
    name: name('name of the VM'),
    mac: Type.String({ description: 'MAC address, as 52:54:00:00:00:01' }),
    device: Type.Optional(deviceSchema),
    port: Type.Optional(Type.String({ description: 'a shared port, in place of a device of its own' })),
    bandwidth: bandwidthSchema,
    team: Type.Optional(Type.String({ description: 'the team that carries its frames; the first one otherwise' })),
    addresses: Type.Array(Type.Union([Type.String({ format: 'ipv4' }), Type.String({ format: 'ipv6' })]), {
      default: [],
      description:
        'its IP addresses: announced when its frames go over another NIC, and all it may use under portSecurity mac+ip',
    }),
    start: Type.Boolean({ default: true, description: 'whether it runs when the host starts' }),
    suspendOnFailover: Type.Boolean({
      default: false,
      description: 'whether it is suspended while a NIC that its frames went over fails over',
    }),
  },
  { additionalProperties: false },
);

const teamSchema = Type.Object(
  {
    name: name('name of the team'),
    ...teamProperties,
    monitors: Type.Array(pluginUseSchema, {
      default: [],
      maxItems: 8,
      description: 'link monitors, which find NICs that are up and carry nothing',
    }),
  },
  { additionalProperties: false, description: 'NICs that stand for one another' },
);

const portSchema = Type.Object(
  { name: name('name of the port'), device: deviceSchema },
  { additionalProperties: false, description: 'one virtual NIC with several VMs behind it, told apart by source MAC' },
);

const runtimeSchema = Type.Object(
  {
    kind: Type.Union([Type.Literal('inline'), Type.Literal('workers')], {
      default: 'workers',
      description: 'workers: forwarding threads on real time; inline: the caller steps a virtual clock',
    }),
    workers: Type.Integer({ default: 1, minimum: 1, maximum: 16, description: 'forwarding workers' }),
    batchFrames: Type.Integer({ default: 32, minimum: 1, maximum: 256, description: 'frames of one VM in one batch' }),
    sampleEvery: Type.Integer({
      default: 8192,
      minimum: 0,
      maximum: 2 ** 20,
      description: 'one call of each hook in so many is measured, a power of two; 0: none, and no budget holds',
    }),
    stallMs: Milliseconds({ default: 1000, minimum: 50, description: 'a worker silent for so long is replaced' }),
  },
  { additionalProperties: false, default: {} },
);

const memorySchema = Type.Object(
  {
    poolFrames: Type.Optional(
      Type.Integer({ minimum: 256, description: 'frame slots; by default as many as the rings need' }),
    ),
    slotBytes: Type.Integer({ default: 2048, description: 'bytes of a slot, a power of two; 16384 for jumbo frames' }),
    txRingFrames: Type.Integer({ default: 256, description: "frames in a VM's transmit ring, a power of two" }),
    rxRingFrames: Type.Integer({ default: 256, description: "frames in a VM's receive ring, a power of two" }),
    nicRingFrames: Type.Integer({ default: 1024, description: "frames in a NIC's transmit queue, a power of two" }),
  },
  { additionalProperties: false, default: {} },
);

const securitySchema = Type.Object(
  {
    portSecurity: Type.Union([Type.Boolean(), Type.Literal('mac'), Type.Literal('mac+ip')], {
      default: true,
      description:
        'mac, or true: drop frames whose source MAC is not the VM’s own; mac+ip: also those that name another sender ' +
        'in ARP, IP or neighbour discovery',
    }),
  },
  { additionalProperties: false, default: {} },
);

const monitorSchema = Type.Object(
  {
    linkPollMs: Milliseconds({
      default: 10,
      minimum: 1,
      description: 'how often drivers are asked for their link; a fifth as often while the host is at rest',
    }),
    upDelayMs: Milliseconds({ default: 0, description: 'how long a link must be up before its NIC is used' }),
    downDelayMs: Milliseconds({ default: 0, description: 'how long a link must be down before its NIC is left' }),
  },
  { additionalProperties: false, default: {} },
);

const announceSchema = Type.Object(
  {
    count: Type.Integer({
      default: 1,
      minimum: 0,
      maximum: 255,
      description: 'how often each VM is announced when its frames go over another NIC',
    }),
    spacingMs: Milliseconds({ default: 1000, minimum: 1, description: 'time from one announcement to the next' }),
  },
  { additionalProperties: false, default: {} },
);

/** What a host is made of. The builder and the configuration file write the same thing. */
export const hostConfigSchema = Type.Object(
  {
    name: Type.Optional(name('name of the host, by which others know it; needed with a registry')),
    seed: Type.Integer({ default: 1, minimum: 0, description: 'seed of every random choice' }),
    nics: Type.Array(nicSchema, { minItems: 1, maxItems: 32 }),
    vms: Type.Array(vmSchema, { minItems: 1, maxItems: 65_536 }),
    ports: Type.Array(portSchema, { default: [] }),
    teams: Type.Optional(
      Type.Array(teamSchema, {
        minItems: 1,
        maxItems: MAX_TEAMS,
        description: 'teams of NICs; without any, all NICs are one team by their roles',
      }),
    ),
    admission: Type.Optional(policySchema),
    distribution: Type.Optional(policySchema),
    detectors: Type.Array(detectorSchema, {
      default: [],
      maxItems: 16,
      description: 'who watches the frames of the VMs, both ways, and raises signals',
    }),
    observe: observeSchema,
    hypervisor: Type.Optional(hypervisorSchema),
    registry: Type.Optional(registrySchema),
    migration: migrationSchema,
    signals: signalsSchema(responderSchema),
    runtime: runtimeSchema,
    memory: memorySchema,
    security: securitySchema,
    monitor: monitorSchema,
    announce: announceSchema,
  },
  { additionalProperties: false },
);

/** A host's configuration with every default in place and every quantity in its base unit. */
export type HostConfig = Static<typeof hostConfigSchema>;
/** A host's configuration as a person writes it: quantities may have units, defaults are left out. */
export type WrittenHostConfig = WrittenValue<typeof hostConfigSchema>;
/** A plugin in a place of the configuration: which, and with which options. */
export type PluginUse = Static<typeof pluginUseSchema>;
/** A policy in its place, with what serves when it fails. */
export type PolicyUse = Static<typeof policySchema>;
/** What a plugin may use before it counts as failed: microseconds a batch, milliseconds a control call, bytes. */
export type Budget = Static<typeof budgetSchema>;
/** What the failure of a policy means for the traffic. */
export type FailureMode = PolicyUse['fail'];
/** A VM's bandwidth allocation: rates in bit/s, the burst in bytes. */
export type Bandwidth = Static<typeof bandwidthSchema>;
/** A NIC, with every default in place. */
export type NicConfig = HostConfig['nics'][number];
/** A VM, with every default in place. */
export type VmConfig = HostConfig['vms'][number];
