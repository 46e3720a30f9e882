import { FairleadError, type VmStatus } from '@fairlead/sdk';

/** Takes over a VM that comes by migration; it was running or suspended. A rejection leaves it where it was. */
export type Arrival = (vm: string, status: VmStatus) => Promise<void>;

const arrivals = new Map<string, Arrival>();

/**
 * Makes a host of this process known as a destination of simulated migrations. Returns the function that makes it
 * unknown again.
 *
 * @throws FairleadError `FAIRLEAD_ERR_CONFIG_NAME` when the name is taken.
 * @example
 * ```ts
 * import { type Arrival, registerDestination } from '@fairlead/hypervisor-simulated';
 *
 * const arrived: string[] = [];
 * const take: Arrival = async (vm) => void arrived.push(vm);
 * const forget = registerDestination('host-b', take);
 * forget();
 * ```
 */
export function registerDestination(host: string, arrive: Arrival): () => void {
  if (arrivals.has(host)) {
    throw new FairleadError(
      'FAIRLEAD_ERR_CONFIG_NAME',
      `two simulated hypervisors of this process are called "${host}"`,
      {
        where: 'hypervisor simulated, options.host',
        mend: 'give each a name of its own',
      },
    );
  }
  arrivals.set(host, arrive);
  return () => {
    if (arrivals.get(host) === arrive) arrivals.delete(host);
  };
}

/** How a destination takes over a VM; undefined for a host that is not in this process. */
export function arrivalAt(host: string): Arrival | undefined {
  return arrivals.get(host);
}
