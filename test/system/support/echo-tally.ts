import type { Background } from './background.ts';
import type { LinkEnd, NetworkLab } from './namespaces.ts';

/**
 * Counts the pings of one sender that come into an interface, by their sequence numbers: a frame that was sent twice
 * comes twice.
 */
export class EchoTally {
  readonly #tcpdump: Background;
  readonly #counts = new Map<number, number>();

  private constructor(tcpdump: Background) {
    this.#tcpdump = tcpdump;
    tcpdump.eachLine((line) => {
      const sequence = Number(/ICMP echo request, id \d+, seq (\d+),/.exec(line)?.[1]);
      if (Number.isInteger(sequence)) this.#counts.set(sequence, (this.#counts.get(sequence) ?? 0) + 1);
    });
  }

  /** Starts to count what comes from `sender`; resolves when it counts. */
  static async start(lab: NetworkLab, { device, namespace }: LinkEnd, sender: string): Promise<EchoTally> {
    if (namespace === undefined) throw new Error('pings are counted in a namespace');
    const how = ['-Q', 'in', '-n', '-l', '-t', '-s', '64', '--immediate-mode'];
    const tcpdump = await lab.start(namespace, ['tcpdump', '-i', device, ...how, `icmp and src host ${sender}`]);
    await tcpdump.says(/listening on/, 10_000);
    return new EchoTally(tcpdump);
  }

  /** How often each sequence number has come; one that has not is not there. */
  get counts(): ReadonlyMap<number, number> {
    return this.#counts;
  }

  stop(): Promise<void> {
    return this.#tcpdump.stop();
  }
}
