import type { Workshop } from './workshop.ts';

/** A network namespace of our own with pairs of virtual Ethernet interfaces, both ends in it. */
export interface Veths {
  readonly namespace: string;
  /** A command, to be run inside the namespace. */
  inside(command: readonly string[]): string[];
  close(): Promise<void>;
}

/**
 * Nothing but the bench's own frames is on the wires: IPv6 is off, so no router solicitations; there are no addresses.
 *
 * @throws Error when a namespace or an interface can't be made; what was made is taken away again.
 */
export async function openVeths(workshop: Workshop, pairs: readonly (readonly [string, string])[]): Promise<Veths> {
  const namespace = `fairlead-bench-${process.pid}`;
  const inside = (command: readonly string[]): string[] => ['ip', 'netns', 'exec', namespace, ...command];
  // Without the workshop's signal: it must also work when the bench is being broken off.
  const close = async (): Promise<void> => {
    await workshop.run(['ip', 'netns', 'del', namespace], { evenIfAborted: true });
  };
  await workshop.run(['ip', 'netns', 'add', namespace]);
  try {
    for (const [one, other] of pairs) {
      await workshop.run(inside(['ip', 'link', 'add', one, 'type', 'veth', 'peer', 'name', other]));
    }
    for (const name of pairs.flat()) {
      await workshop.run(inside(['sysctl', '-q', '-w', `net.ipv6.conf.${name}.disable_ipv6=1`]));
      await workshop.run(inside(['ip', 'link', 'set', name, 'up']));
    }
  } catch (cause) {
    await close();
    throw cause;
  }
  return { namespace, inside, close };
}
