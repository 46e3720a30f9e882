import { pluginUseSchema, type WrittenHostConfig } from '@fairlead/core';
import { Microseconds, Rate, Size, type Static, type TSchema, Type, type Written } from '@fairlead/sdk';

const oneOf = <T extends readonly string[]>(names: T, options: { default?: T[number]; description: string }) =>
  Type.Unsafe<T[number]>(
    Type.Union(
      names.map((name) => Type.Literal(name)),
      options,
    ) as TSchema,
  );

const NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]*$';
const name = (description: string) => Type.String({ minLength: 1, maxLength: 63, pattern: NAME_PATTERN, description });
const part = (description: string) => Type.Number({ minimum: 0, maximum: 1, description });

/** The kinds of senders. */
export const SENDER_KINDS = ['tcp', 'constant', 'on-off', 'bursts', 'clients', 'flash-crowd', 'flood', 'scan'] as const;
/** What an event may do. */
export const EVENT_KINDS = [
  'nic-down',
  'nic-up',
  'nic-change',
  'vm-suspend',
  'vm-resume',
  'vm-bandwidth',
  'vm-migrate',
  'sender-start',
  'sender-stop',
  'sender-rate',
  'swap',
] as const;

/** What may be said of a network, as a whole and when it changes. */
const networkProperties = {
  speedBps: Type.Optional(Rate({ exclusiveMinimum: 0, description: 'speed of the NIC itself' })),
  bottleneckBps: Type.Optional(
    Rate({ exclusiveMinimum: 0, description: 'slowest link of the path behind it; none by default' }),
  ),
  queueBytes: Type.Optional(
    Size({ minimum: 1600, description: 'queue in front of that link; what does not fit is lost' }),
  ),
  delay: Type.Optional(Microseconds({ description: 'time that a frame is on its way, in one direction' })),
  lossRate: Type.Optional(part('probability that a frame from the host is lost')),
  burstLossRate: Type.Optional(
    Type.Number({ minimum: 0, maximum: 0.9, description: 'share of the frames from the host that is lost in bursts' }),
  ),
  burstLossFrames: Type.Optional(Type.Number({ minimum: 1, description: 'frames lost in such a burst, on average' })),
  inboundLossRate: Type.Optional(part('probability that a frame towards the host is lost')),
};

const networkSchema = Type.Object(networkProperties, {
  additionalProperties: false,
  description: 'what is behind a NIC; what is left out is as the driver says',
});

const senderSchema = Type.Object(
  {
    name: Type.Optional(name('name of the sender, for events and results; by default its VM and its kind')),
    vm: Type.String({ description: 'VM that sends, or that is sent to; scan: "*" is every VM' }),
    kind: oneOf(SENDER_KINDS, { description: 'tcp reacts to loss and delay; the others do not' }),
    to: Type.Optional(
      Type.Union([name('who receives: another VM, or any name for someone beyond the NICs'), Type.Literal('*')], {
        description: 'who receives: another VM, or any name for someone beyond the NICs; "*", of several hosts: any VM',
      }),
    ),
    from: Type.Optional(name('someone beyond the NICs who sends to the VM')),
    flows: Type.Integer({ default: 1, minimum: 1, maximum: 4096, description: 'connections, or streams, of the kind' }),
    start: Microseconds({ default: 0, description: 'when it begins' }),
    stop: Type.Optional(Microseconds({ description: 'when it ends; by default with the run' })),
    frameBytes: Type.Optional(
      Size({
        minimum: 74,
        maximum: 65_535,
        description: 'length of its frames, without FCS: 1514, of flood and scan 74',
      }),
    ),
    rateBps: Type.Optional(
      Rate({ exclusiveMinimum: 0, description: 'constant, on-off: rate of its frames, of each flow' }),
    ),
    spacing: Type.Optional(
      oneOf(['even', 'poisson'] as const, { description: 'constant: gaps between frames, all equal or at random' }),
    ),
    on: Type.Optional(Microseconds({ exclusiveMinimum: 0, description: 'on-off: how long it sends' })),
    off: Type.Optional(Microseconds({ description: 'on-off: how long it pauses' })),
    periods: Type.Optional(
      oneOf(['fixed', 'exponential'] as const, { description: 'on-off: exact times, or the means of random ones' }),
    ),
    burstFrames: Type.Optional(Type.Integer({ minimum: 1, description: 'bursts: frames in each' })),
    every: Type.Optional(Microseconds({ exclusiveMinimum: 0, description: 'bursts: from one to the next' })),
    queueFrames: Type.Optional(
      Type.Integer({ minimum: 1, description: 'frames that wait in the guest when its ring is full; not of tcp' }),
    ),
    congestion: Type.Optional(
      oneOf(['cubic', 'reno'] as const, { description: 'tcp: congestion control, RFC 9438 or RFC 5681' }),
    ),
    sizeBytes: Type.Optional(
      Size({ exclusiveMinimum: 0, description: 'tcp: what each flow has to send; without end by default' }),
    ),
    receiveWindowBytes: Type.Optional(Size({ minimum: 2000, description: 'tcp: room at the receiver' })),
    delayedAck: Type.Optional(
      Type.Boolean({ description: 'tcp: every second segment is acknowledged, or after 40 ms (the default)' }),
    ),
    perSecond: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 1e7,
        description: 'clients, flash-crowd: who come; flood, scan: frames',
      }),
    ),
    rise: Type.Optional(Microseconds({ description: 'flash-crowd: how long it takes to grow to perSecond; 1s' })),
    responseBytes: Type.Optional(
      Size({ exclusiveMinimum: 0, description: 'clients, flash-crowd: what each gets, 8KiB; ten frames at most' }),
    ),
    protocol: Type.Optional(
      oneOf(['tcp', 'udp'] as const, { description: 'flood: SYN of TCP (the default), or datagrams of UDP' }),
    ),
    sources: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 0x7fff_ffff, description: 'flood: forged addresses; as many as frames' }),
    ),
    answerBytes: Type.Optional(
      Size({ maximum: 65_535, description: 'flood: what the VM answers to each frame; 74 to a SYN, else nothing' }),
    ),
    ports: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535, description: 'scan: ports of each VM; 1024' })),
    minRto: Type.Optional(Microseconds({ description: 'tcp: shortest retransmission timeout' })),
  },
  { additionalProperties: false },
);

const eventSchema = Type.Object(
  {
    at: Microseconds({ description: 'when it happens' }),
    do: oneOf(EVENT_KINDS, { description: 'what happens' }),
    nic: Type.Optional(Type.String({ description: 'nic-…: the NIC' })),
    vm: Type.Optional(Type.String({ description: 'vm-…: the VM' })),
    to: Type.Optional(Type.String({ description: 'vm-migrate: host that it goes to; the one that suits best' })),
    sender: Type.Optional(Type.String({ description: 'sender-…: name of the sender' })),
    rateBps: Type.Optional(Rate({ exclusiveMinimum: 0, description: 'sender-rate: its new rate' })),
    perSecond: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1e7, description: 'sender-rate: likewise' })),
    section: Type.Optional(
      oneOf(['admission', 'distribution'] as const, { description: 'swap: the place whose policy is exchanged' }),
    ),
    policy: Type.Optional(pluginUseSchema),
    change: Type.Optional(networkSchema),
    bandwidth: Type.Optional(
      Type.Object(
        {
          reservationBps: Type.Optional(Rate()),
          limitBps: Type.Optional(Rate({ exclusiveMinimum: 0 })),
          peakBps: Type.Optional(Rate({ exclusiveMinimum: 0 })),
          burstBytes: Type.Optional(Size()),
          shares: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1e6 })),
          priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 255 })),
        },
        { additionalProperties: false, description: 'vm-bandwidth: what changes of its allocation' },
      ),
    ),
  },
  { additionalProperties: false },
);

/** What scenarios of one host and of several have in common. */
export const top = {
  title: Type.Optional(Type.String({ maxLength: 200, description: 'what the scenario shows, in a few words' })),
  duration: Microseconds({ exclusiveMinimum: 0, maximum: 3600e6, description: 'virtual time that is simulated' }),
  warmUp: Microseconds({ default: 0, description: 'time at the beginning that the summary leaves out' }),
  seed: Type.Integer({ default: 1, minimum: 0, maximum: 0xffff_ffff, description: 'seed of every random choice' }),
  step: Microseconds({ default: 50, minimum: 1, maximum: 10_000, description: 'grain of the virtual clock' }),
  senders: Type.Array(senderSchema, { minItems: 1, description: 'who sends what' }),
  network: Type.Record(Type.String(), networkSchema, {
    default: {},
    description: 'what is behind each NIC, by its name; "*" is for those that are not named',
  }),
  events: Type.Array(eventSchema, { default: [], description: 'what happens when' }),
};

/** A scenario. Its host has a schema of its own, `hostConfigSchema`. */
export const scenarioSchema = Type.Object(
  {
    host: Type.Unknown({
      description: 'the host, as in a configuration file; in a scenario file also the path of one',
    }),
    ...top,
  },
  { additionalProperties: false },
);

/** A scenario with every default in place and every quantity in its base unit; its host is not looked into. */
export type WholeScenario = Static<typeof scenarioSchema>;
/** The same without its host. */
export type ScenarioParts = Omit<WholeScenario, 'host'>;
/** An entry of `senders`. */
export type SenderEntry = WholeScenario['senders'][number];
/** What is behind a NIC. */
export type NetworkEntry = WholeScenario['network'][string];
/** An entry of `events`. */
export type EventEntry = WholeScenario['events'][number];

/** A scenario as a person writes it: quantities may have units, defaults are left out. */
export type WrittenScenario = Omit<Written<ScenarioParts>, 'duration' | 'senders'> & {
  readonly host: WrittenHostConfig;
  readonly duration: NonNullable<Written<ScenarioParts>['duration']>;
  readonly senders: NonNullable<Written<ScenarioParts>['senders']>;
};
