import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { Background } from './background.ts';
import { undoAtExit } from './cleanup.ts';
import { attempt, type CommandOptions, command, type Outcome } from './command.ts';
import { until } from './deadline.ts';

/** One end of a cable: a device, and the namespace it is in (none: this process's own). */
export interface LinkEnd {
  readonly device: string;
  readonly namespace?: string;
}

/** What `ip -j -d link show` says of a device, as far as it is looked at. */
interface LinkShown {
  readonly flags: readonly string[];
  readonly linkinfo?: { readonly info_slave_kind?: string; readonly info_slave_data?: { readonly state: string } };
}

const IFNAMSIZ = 16;

/*
 * Frames that leave by a veth with these on carry partial checksums, or are longer than the wire's MTU: a guest behind
 * AF_PACKET cannot take either.
 */
const OFFLOADS = ['rx', 'tx', 'sg', 'tso', 'gso', 'gro'].flatMap((feature) => [feature, 'off']);

/**
 * Namespaces, cables and bridges for one test. Names begin with this process's id, so that runs do not meet;
 * everything is deleted by {@link close}, or when the process ends, however it ends: what a killed process has left is
 * deleted by the next one.
 *
 * @example
 * const lab = await NetworkLab.open();
 * const wire = await lab.namespace('wire');
 * await lab.cable({ device: lab.name('up0') }, { device: 'port0', namespace: wire });
 * await lab.close();
 */
export class NetworkLab {
  readonly #namespaces: string[] = [];
  readonly #ownDevices: string[] = [];
  readonly #processes: Background[] = [];
  readonly #forget: () => void;

  private constructor() {
    this.#forget = undoAtExit(() => {
      for (const argv of this.#deletions()) spawnSync(argv[0] as string, argv.slice(1), { timeout: 5_000 });
    });
  }

  static async open(): Promise<NetworkLab> {
    await deleteLeftovers();
    return new NetworkLab();
  }

  /** A name that no other run uses. `label` has at most 5 characters: the kernel's names have 15. */
  name(label: string): string {
    const name = `fl${process.pid}-${label}`;
    if (name.length >= IFNAMSIZ) throw new Error(`"${name}" is too long for an interface: shorten "${label}"`);
    return name;
  }

  /** Makes an empty namespace, its loopback up. Answers its name. */
  async namespace(label: string): Promise<string> {
    const name = this.name(label);
    this.#namespaces.push(name);
    await command(['ip', 'netns', 'add', name]);
    await command(['ip', '-n', name, 'link', 'set', 'lo', 'up']);
    return name;
  }

  /**
   * Makes a veth pair, both ends up, without offloads, and without IPv6 addresses: the kernel then sends nothing of
   * its own over it. An end in this process's own namespace must have a name from {@link name}.
   */
  async cable(...ends: readonly [LinkEnd, LinkEnd]): Promise<void> {
    const [near, far] = ends.map(({ device, namespace }) =>
      namespace === undefined ? ['name', device] : ['name', device, 'netns', namespace],
    ) as [string[], string[]];
    for (const end of ends) {
      if (end.namespace === undefined) this.#ownDevices.push(end.device);
    }
    await command(['ip', 'link', 'add', ...near, 'type', 'veth', 'peer', ...far]);
    for (const end of ends) {
      await command([...within(end.namespace), 'ethtool', '-K', end.device, ...OFFLOADS]);
      await this.#raise(end);
    }
  }

  /** Makes a learning bridge with these ports, without spanning tree: a port forwards at once. */
  async bridge(bridge: LinkEnd, ports: readonly string[]): Promise<void> {
    if (bridge.namespace === undefined) this.#ownDevices.push(bridge.device);
    const quiet = ['stp_state', '0', 'forward_delay', '0', 'mcast_snooping', '0'];
    await command(ip(bridge.namespace, 'link', 'add', bridge.device, 'type', 'bridge', ...quiet));
    for (const port of ports) await command(ip(bridge.namespace, 'link', 'set', port, 'master', bridge.device));
    await this.#raise(bridge);
  }

  /** Gives a device an address, as `10.77.0.1/24`. */
  async address({ device, namespace }: LinkEnd, address: string): Promise<void> {
    await command(ip(namespace, 'address', 'add', address, 'dev', device));
  }

  /**
   * Takes a device down, or up again; a veth's other end loses and regains its carrier. The port of a bridge is up when
   * the bridge forwards over it, which is some time after its carrier.
   */
  async setLink({ device, namespace }: LinkEnd, state: 'up' | 'down'): Promise<void> {
    await command(ip(namespace, 'link', 'set', device, state));
    if (state === 'down') return;
    const ready = async (): Promise<boolean> => {
      const [link] = JSON.parse(await command(ip(namespace, '-j', '-d', 'link', 'show', 'dev', device))) as [LinkShown];
      const { info_slave_kind: kind, info_slave_data: data } = link.linkinfo ?? {};
      return kind !== 'bridge' || !link.flags.includes('LOWER_UP') || data?.state === 'forwarding';
    };
    await until(ready, 20_000, `forwarding over ${device}`);
  }

  /** Runs a command in a namespace to its end. */
  run(namespace: string, argv: readonly string[], options?: CommandOptions): Promise<Outcome> {
    return attempt([...within(namespace), ...argv], options);
  }

  /**
   * Starts a command in a namespace; {@link close} stops it. `ip netns exec` gives it a /sys of the namespace, which has
   * no control groups; with the machine's it sees those.
   */
  async start(
    namespace: string,
    argv: readonly string[],
    sys: 'namespace' | 'machine' = 'namespace',
  ): Promise<Background> {
    const inside = sys === 'namespace' ? within(namespace) : netOnly(namespace);
    const started = await Background.start([...inside, ...argv]);
    this.#processes.push(started);
    return started;
  }

  /** Stops what was started and deletes what was made. */
  async close(): Promise<void> {
    for (const started of this.#processes.splice(0)) await started.stop();
    const failed: string[] = [];
    for (const argv of this.#deletions()) {
      const { status, stderr } = await attempt(argv);
      // A cable goes with the first of its ends, and with its namespace.
      if (status !== 0 && !/Cannot find device|No such file/.test(stderr)) failed.push(`${argv.join(' ')}: ${stderr}`);
    }
    this.#forget();
    if (failed.length > 0) throw new Error(`not deleted: ${failed.join('; ')}`);
  }

  /** Cables first: a namespace's own are deleted some time after it, by the kernel. */
  #deletions(): string[][] {
    return [
      ...this.#ownDevices.splice(0).map((device) => ['ip', 'link', 'del', device]),
      ...this.#namespaces.splice(0).map((name) => ['ip', 'netns', 'del', name]),
    ];
  }

  async #raise({ device, namespace }: LinkEnd): Promise<void> {
    await command(ip(namespace, 'link', 'set', device, 'addrgenmode', 'none'));
    await command(ip(namespace, 'link', 'set', device, 'up'));
  }
}

/** Has a command run with the network of a namespace, and else as it would. */
export function netOnly(namespace: string): string[] {
  return ['nsenter', `--net=/run/netns/${namespace}`, '--'];
}

function within(namespace: string | undefined): string[] {
  return namespace === undefined ? [] : ['ip', 'netns', 'exec', namespace];
}

function ip(namespace: string | undefined, ...argv: string[]): string[] {
  return namespace === undefined ? ['ip', ...argv] : ['ip', '-n', namespace, ...argv];
}

/** Deletes what runs have left that were killed before they could clean up: names whose process is gone. */
async function deleteLeftovers(): Promise<void> {
  const names = async (argv: string[], key: string): Promise<string[]> => {
    const rows = JSON.parse((await command(argv)) || '[]') as Record<string, string>[];
    return rows.map((row) => row[key] as string).filter(isLeftover);
  };
  for (const name of await names(['ip', '-j', 'link', 'show'], 'ifname')) await attempt(['ip', 'link', 'del', name]);
  for (const name of await names(['ip', '-j', 'netns', 'list'], 'name')) await attempt(['ip', 'netns', 'del', name]);
}

function isLeftover(name: string): boolean {
  const pid = /^fl(\d+)-/.exec(name)?.[1];
  if (pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
