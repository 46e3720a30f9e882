import type { LinkEnd, NetworkLab } from './namespaces.ts';

/** What is at one host. */
interface HostPlace {
  readonly namespace: string;
  /** Its interfaces, for a NIC driver. */
  readonly uplinks: readonly [string, string];
  /** The bridge's ends of their cables. */
  readonly ports: readonly [LinkEnd, LinkEnd];
  /** The far end of its cable to the registry: taking it down cuts it off. */
  readonly registryPort: LinkEnd;
}

export interface TwoHostNetwork {
  readonly hosts: readonly [HostPlace, HostPlace];
  /** Whom the guests talk to. */
  readonly peer: LinkEnd;
  /** Where a flood comes from. */
  readonly flooder: LinkEnd;
  /** Where the registry of hosts is: only the hosts reach it. */
  readonly registry: string;
}

/** The machine that the guests talk to. */
export const PEER = '10.77.0.1';
const FLOODER = '10.77.0.2';
/** The registry, on a network that no guest is on. */
export const REGISTRY = '10.78.0.1';

/**
 * Builds a bridge with two hosts, each on two cables, a peer and a flooder; and, apart from it, a network of the hosts
 * with their registry.
 *
 *   host1 up0 ── h1p0 ┐         ┌ peer  ── eth0 peer     10.77.0.1
 *         up1 ── h1p1 ┤         │
 *                     ├── br0 ──┤
 *   host2 up0 ── h2p0 ┤         │
 *         up1 ── h2p1 ┘         └ flood ── eth0 flooder  10.77.0.2
 *
 *   host1 control ── c1 ┬ br1 10.78.0.1 (nats-server)
 *   host2 control ── c2 ┘
 */
export async function twoHostNetwork(lab: NetworkLab): Promise<TwoHostNetwork> {
  const wire = await lab.namespace('wire');
  const registry = await lab.namespace('reg');
  const peer = { device: 'eth0', namespace: await lab.namespace('peer') };
  const flooder = { device: 'eth0', namespace: await lab.namespace('flood') };
  const place = async (number: 1 | 2): Promise<HostPlace> => {
    const namespace = await lab.namespace(`h${number}`);
    const ports = [0, 1].map((uplink) => ({ device: `h${number}p${uplink}`, namespace: wire }));
    for (const [i, port] of ports.entries()) await lab.cable({ device: `up${i}`, namespace }, port);
    const registryPort = { device: `c${number}`, namespace: registry };
    await lab.cable({ device: 'control', namespace }, registryPort);
    await lab.address({ device: 'control', namespace }, `10.78.0.1${number}/24`);
    return { namespace, uplinks: ['up0', 'up1'], ports: ports as [LinkEnd, LinkEnd], registryPort };
  };
  const hosts = [await place(1), await place(2)] as const;
  await lab.cable({ device: 'peer', namespace: wire }, peer);
  await lab.cable({ device: 'flood', namespace: wire }, flooder);
  const ports = hosts.flatMap((host) => host.ports.map(({ device }) => device));
  await lab.bridge({ device: 'br0', namespace: wire }, [...ports, 'peer', 'flood']);
  await lab.bridge({ device: 'br1', namespace: registry }, ['c1', 'c2']);
  await lab.address({ device: 'br1', namespace: registry }, `${REGISTRY}/24`);
  await lab.address(peer, `${PEER}/24`);
  await lab.address(flooder, `${FLOODER}/24`);
  return { hosts, peer, flooder, registry };
}
