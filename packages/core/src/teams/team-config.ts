import { Milliseconds, Type } from '@fairlead/sdk';

const members = (description: string) => Type.Array(Type.String(), { default: [], maxItems: 32, description });

/** A team of NICs as a configuration has it. `name` and `distribution` are the host's own schemas. */
export const teamProperties = {
  active: members('NICs that serve, in failover order'),
  standby: members('NICs that take the place of failed active ones, in failover order'),
  unused: members('NICs that belong to the team and do not serve'),
  minLinks: Type.Integer({
    default: 1,
    minimum: 1,
    maximum: 32,
    description: 'with fewer NICs serving the team is down',
  }),
  failback: Type.Boolean({ default: true, description: 'whether a NIC that comes back takes its place again' }),
  holdDownMs: Milliseconds({
    default: 0,
    description: 'how long a NIC that came back must stay up before it serves again',
  }),
  primary: Type.Optional(Type.String({ description: 'the NIC that is preferred to all others while it is up' })),
  reselect: Type.Union([Type.Literal('always'), Type.Literal('better'), Type.Literal('failure')], {
    default: 'always',
    description: 'when a preferred NIC that comes back becomes the current one: at once, if it is faster, on failure',
  }),
  failover: Type.Optional(Type.String({ description: 'the team whose NICs serve while this one is down' })),
  receive: Type.Union([Type.Literal('one-member'), Type.Literal('all-members')], {
    default: 'one-member',
    description:
      'which NICs’ broadcast and multicast frames are delivered: one’s, as when each member has its own switch port, or all’, when the switch treats them as one link (LACP)',
  }),
} as const;
