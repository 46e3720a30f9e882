import { Milliseconds, type Static, Type } from '@fairlead/sdk';

/** Options of the registry in NATS. */
export const natsRegistryOptions = Type.Object(
  {
    servers: Type.Array(Type.String({ minLength: 1 }), {
      default: ['127.0.0.1:4222'],
      minItems: 1,
      description: 'Servers of the NATS cluster, as host:port; any of them will do.',
    }),
    credentials: Type.Optional(
      Type.String({ minLength: 1, description: 'File with the credentials of a NATS user, as nsc writes it.' }),
    ),
    prefix: Type.String({
      default: 'fairlead',
      pattern: '^[A-Za-z0-9_-]{1,32}$',
      description: 'Begin of the names of its buckets and subjects: hosts that say the same know each other.',
    }),
    leaseMs: Milliseconds({
      default: 10_000,
      minimum: 1000,
      description: 'Time for which an announcement stands; of the bucket, so the first host decides.',
    }),
    answerMs: Milliseconds({
      default: 3000,
      minimum: 1,
      description: 'Time that the server or another host has to answer.',
    }),
    settleMs: Milliseconds({
      default: 5000,
      description: 'Time after the claims were created anew, or lost, in which a host claims only what it had.',
    }),
    storage: Type.Union([Type.Literal('file'), Type.Literal('memory')], {
      default: 'file',
      description: 'Where the server keeps claims: in memory they are lost when it is started again.',
    }),
    replicas: Type.Integer({ default: 1, minimum: 1, maximum: 5, description: 'Servers that keep a copy.' }),
  },
  { additionalProperties: false },
);

/** Options of the registry, with every default in place. */
export type NatsRegistryOptions = Static<typeof natsRegistryOptions>;
