import type { WrittenHostConfig } from '@fairlead/core';
import { Microseconds, type Static, Type, type Written } from '@fairlead/sdk';
import { top, type WrittenScenario } from '../scenario/schema.ts';

/** A host that is repeated. */
const templateSchema = Type.Object(
  {
    count: Type.Integer({ minimum: 1, maximum: 4096, description: 'how many hosts, called h0, h1, and so on' }),
    template: Type.Unknown({
      description: 'each of them: a host configuration, whose VMs are called h0.web and so on',
    }),
    vms: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_000,
        description: 'the first VM of the template so often: h0.vm0, h0.vm1',
      }),
    ),
    rack: Type.Optional(
      Type.Integer({ minimum: 1, description: 'hosts that know each other through one registry; all of them' }),
    ),
    neighbours: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 63,
        description: 'hosts of its rack that a VM may go to: so many behind its own; each has a row for it; 0',
      }),
    ),
    movable: Type.Optional(
      Type.Array(Type.String(), { description: 'VMs of the template that may go to neighbours; all of them' }),
    ),
  },
  { additionalProperties: false },
);

/** A scenario of several hosts behind one switch. Its hosts have a schema of their own, `hostConfigSchema`. */
export const clusterSchema = Type.Object(
  {
    hosts: Type.Union([Type.Array(Type.Unknown(), { minItems: 1, maxItems: 64 }), templateSchema], {
      description: 'the hosts, each as in a configuration file and with a name; or one that is repeated',
    }),
    links: Type.Object(
      {
        delay: Microseconds({ default: 100, minimum: 10, description: 'through the switch, from host to host' }),
      },
      { default: {}, additionalProperties: false, description: 'what is between the hosts: one switch, which learns' },
    ),
    watch: Type.Optional(
      Type.Array(Type.String(), { description: 'VMs whose figures are shown one by one; all when there are few' }),
    ),
    ...top,
  },
  { additionalProperties: false },
);

/** The same with every default in place. */
type WholeCluster = Static<typeof clusterSchema>;
/** Without the hosts. */
export type ClusterParts = Omit<WholeCluster, 'hosts'>;

/**
 * A host that is repeated, as a person writes it.
 *
 * @example
 * ```ts
 * import type { WrittenTemplate } from '@fairlead/simulator';
 *
 * const hundred = (template: WrittenTemplate['template']): WrittenTemplate => ({ count: 100, vms: 20, rack: 10, template });
 * ```
 */
export interface WrittenTemplate {
  /** How many hosts, called h0, h1, and so on. */
  readonly count: number;
  /** Each of them. */
  readonly template: WrittenHostConfig;
  /** The first VM of the template so often. */
  readonly vms?: number;
  /** Hosts that know each other through one registry. */
  readonly rack?: number;
  /** Hosts of its rack that each VM may go to: so many behind its own, the first of the rack behind the last. 0. */
  readonly neighbours?: number;
  /** Names of the VMs that may, as the template has them: `vm0` with `vms`. All of them. */
  readonly movable?: readonly string[];
}

/** A scenario of several hosts as a person writes it: quantities may have units, defaults are left out. */
export type WrittenCluster = Omit<WrittenScenario, 'host'> & {
  readonly hosts: readonly WrittenHostConfig[] | WrittenTemplate;
  readonly links?: NonNullable<Written<Pick<WholeCluster, 'links'>>['links']>;
  readonly watch?: readonly string[];
};
