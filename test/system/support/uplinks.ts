import type { LinkEnd, NetworkLab } from './namespaces.ts';

/** Two uplinks of a host, the network behind them, and somebody to talk to. */
export interface UplinkNetwork {
  /** The host's ends, for a NIC driver. */
  readonly uplinks: readonly [LinkEnd, LinkEnd];
  /** The network's ends: taking one down is pulling that uplink's cable. */
  readonly ports: readonly [LinkEnd, LinkEnd];
  /** The machine at the other side. */
  readonly peer: LinkEnd;
}

/**
 * Builds the network that every test of a team uses. The uplinks are in this process's own namespace, unless
 * `hostNamespace` says where the host will run.
 *
 *   host                wire                     peer
 *   up0 ─────────────── port0 ┐
 *                             ├ br0 ── port2 ─── eth0  `peerAddress`
 *   up1 ─────────────── port1 ┘
 */
export async function twoUplinks(lab: NetworkLab, peerAddress: string, hostNamespace?: string): Promise<UplinkNetwork> {
  const wire = await lab.namespace('wire');
  const host = hostNamespace === undefined ? {} : { namespace: hostNamespace };
  const uplinks = [
    { device: lab.name('up0'), ...host },
    { device: lab.name('up1'), ...host },
  ] as const;
  const ports = [
    { device: 'port0', namespace: wire },
    { device: 'port1', namespace: wire },
  ] as const;
  const peer = { device: 'eth0', namespace: await lab.namespace('peer') };
  await lab.cable(uplinks[0], ports[0]);
  await lab.cable(uplinks[1], ports[1]);
  await lab.cable({ device: 'port2', namespace: wire }, peer);
  await lab.bridge({ device: 'br0', namespace: wire }, ['port0', 'port1', 'port2']);
  await lab.address(peer, peerAddress);
  return { uplinks, ports, peer };
}
