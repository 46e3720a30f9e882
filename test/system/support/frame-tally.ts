import type { Background } from './background.ts';
import type { LinkEnd, NetworkLab } from './namespaces.ts';

/**
 * Counts the frames that come into an interface, by source MAC: on a port of the network, what the host sent over the
 * uplink at the other end, VM by VM.
 *
 * @example
 * const tally = await FrameTally.start(lab, ports[0], 'icmp[icmptype] == icmp-echo');
 * tally.counts(); // { '52:54:00:00:00:0a': 10 }
 */
export class FrameTally {
  readonly #tcpdump: Background;

  private constructor(tcpdump: Background) {
    this.#tcpdump = tcpdump;
  }

  /** Starts to count what matches `filter` (pcap-filter(7)); resolves when it counts. */
  static async start(lab: NetworkLab, { device, namespace }: LinkEnd, filter: string): Promise<FrameTally> {
    if (namespace === undefined) throw new Error('frames are counted at the far end: the near one does not see them');
    const how = ['-Q', 'in', '-e', '-n', '-q', '-t', '-l', '-s', '64', '--immediate-mode'];
    const tcpdump = await lab.start(namespace, ['tcpdump', '-i', device, ...how, filter]);
    await tcpdump.says(/listening on/, 10_000);
    return new FrameTally(tcpdump);
  }

  /** Frames so far; a MAC that sent none is left out. The last 64 KiB of tcpdump's lines, some 500 frames, are kept. */
  counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const [, mac] of this.#tcpdump.output.matchAll(/^([0-9a-f:]{17}) > /gm)) {
      counts[mac as string] = (counts[mac as string] ?? 0) + 1;
    }
    return counts;
  }

  stop(): Promise<void> {
    return this.#tcpdump.stop();
  }
}
