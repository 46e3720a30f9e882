import {
  definePlugin,
  type Hypervisor,
  type MigrationSteps,
  Options,
  type Static,
  Type,
  type VmRef,
  type VmStatus,
} from '@fairlead/sdk';

/** What goes wrong in a call of the hypervisor; `hang`: it is never answered. */
type Fault = 'reject' | 'hang' | 'garbage' | undefined;
/** Places at which a hypervisor is asked, or is at work. */
export type Place =
  | 'receive'
  | 'arrived'
  | 'dismiss'
  | 'status'
  | 'resume'
  | 'before the switchover'
  | 'after the switchover'
  | 'when it is there';

interface Placed {
  readonly host: string;
  readonly status: 'running' | 'suspended';
}

const worlds: VmWorld[] = [];

/** Where VMs really are: on one host, or on none. Every host's hypervisor is a window on it. */
export class VmWorld {
  readonly number = worlds.push(this) - 1;
  readonly placed = new Map<string, Placed>();
  /** VMs that a host waits for, by VM and host. */
  readonly awaited = new Map<string, { resolve(): void; reject(error: Error): void }>();
  /** Asked at each place; what it answers goes wrong there. */
  fault: (host: string, place: Place) => Fault = () => undefined;
  /** Called at each place, for a test to do something there. */
  at: (host: string, place: Place) => Promise<void> | void = () => undefined;
}

const options = Type.Object({ world: Type.Integer(), host: Type.String() }, { additionalProperties: false });

class WorldHypervisor implements Hypervisor {
  static readonly inject = [Options];
  readonly #host: string;
  readonly #world: VmWorld;

  constructor({ world, host }: Static<typeof options>) {
    this.#host = host;
    this.#world = worlds[world] as VmWorld;
  }

  async start({ name }: VmRef): Promise<void> {
    if (this.#isHere(name)) return; // its host was started again
    if (this.#world.placed.has(name)) throw new Error(`${name} would run twice`);
    this.#world.placed.set(name, { host: this.#host, status: 'running' });
  }

  async stop({ name }: VmRef): Promise<void> {
    if (this.#isHere(name)) this.#world.placed.delete(name);
  }

  async suspend({ name }: VmRef): Promise<void> {
    this.#set(name, 'suspended');
  }

  async resume({ name }: VmRef): Promise<void> {
    await this.#pass('resume');
    this.#set(name, 'running');
  }

  async throttle(): Promise<void> {
    await Promise.resolve();
  }

  async status({ name }: VmRef): Promise<VmStatus> {
    if ((await this.#pass('status')) === 'garbage') return 'purple' as VmStatus;
    const placed = this.#world.placed.get(name);
    return placed?.host === this.#host ? placed.status : 'stopped';
  }

  async migrate({ name }: VmRef, destination: string, steps: MigrationSteps): Promise<void> {
    await this.#pass('before the switchover');
    steps.progress?.(0.5);
    await steps.switchover();
    await this.#pass('after the switchover');
    const { placed, awaited } = this.#world;
    placed.set(name, { status: placed.get(name)?.status ?? 'running', host: destination });
    awaited.get(`${name} ${destination}`)?.resolve();
    await this.#pass('when it is there');
    steps.took?.({ downtimeMs: 7, totalMs: 30 });
  }

  async receive(): Promise<string> {
    return (await this.#pass('receive')) === 'garbage' ? (17 as unknown as string) : this.#host;
  }

  async arrived({ name }: VmRef): Promise<void> {
    if (!this.#isHere(name)) {
      await new Promise<void>((resolve, reject) =>
        this.#world.awaited.set(`${name} ${this.#host}`, { resolve, reject }),
      );
    }
    await this.#pass('arrived');
  }

  async dismiss({ name }: VmRef): Promise<void> {
    await this.#pass('dismiss');
    const key = `${name} ${this.#host}`;
    this.#world.awaited.get(key)?.reject(new Error('dismissed'));
    this.#world.awaited.delete(key);
  }

  async #pass(place: Place): Promise<Fault> {
    await this.#world.at(this.#host, place);
    const fault = this.#world.fault(this.#host, place);
    if (fault === 'reject') throw new Error(`fault ${place}`);
    if (fault === 'hang') await new Promise(() => undefined);
    return fault;
  }

  #isHere(name: string): boolean {
    return this.#world.placed.get(name)?.host === this.#host;
  }

  #set(name: string, status: Placed['status']): void {
    if (!this.#isHere(name)) throw new Error(`${name} is not here`);
    this.#world.placed.set(name, { host: this.#host, status });
  }
}

/** The hypervisor of one host of a world: `{ use: 'world', options: { world, host } }`. */
export const worldHypervisor = definePlugin({
  kind: 'hypervisor',
  name: 'world',
  apiVersion: 1,
  options,
  implementation: WorldHypervisor,
});
