import { FairleadError, type HostInfo, isFairleadError } from '@fairlead/sdk';
import type { VmConfig } from '../config.ts';
import type { VmManager } from '../managers/vm-manager.ts';
import type { VmOwners } from '../managers/vm-owners.ts';
import type { Cluster } from './cluster.ts';
import type { ClusterParts } from './cluster-parts.ts';
import { CoolDowns } from './cool-down.ts';
import type { Whereabouts } from './message.ts';
import { MigrationLog, type MigrationRecord } from './migration-record.ts';
import { type MigrateOptions, Migrations } from './migrations.ts';
import { Ownership } from './ownership.ts';
import { Pace } from './pace.ts';
import type { RegistryCalls } from './registry-calls.ts';
import type { ClusterSurroundings } from './surroundings.ts';

/** How long the end of migrations is waited for when the host closes. */
const CLOSE_MS = 2000;

/** This host as a member. */
export class ClusterMember implements Cluster {
  readonly #around: ClusterSurroundings | undefined;
  readonly #parts: ClusterParts | undefined;
  readonly #migrations: Migrations | undefined;
  readonly #ownership: Ownership | undefined;
  readonly #registry: RegistryCalls | undefined;
  readonly #pace: Pace;
  readonly #log: MigrationLog;
  /** VMs that are to run here once the registry says that they are this host's. */
  readonly #waiting = new Set<string>();
  #announcedUs = Number.NEGATIVE_INFINITY;
  #round: Promise<void> | undefined;
  #answers = false;

  /** Without surroundings there is no registry, and the host is alone. */
  constructor(around: ClusterSurroundings | undefined) {
    this.#around = around;
    this.#pace = new Pace((ms, callback) => around?.after(ms, callback) ?? (() => undefined));
    this.#log = new MigrationLog(
      () => around?.nowUs() ?? 0,
      (record) => around?.migration(record),
    );
    if (around === undefined) return;
    const { self, vms } = around;
    const registry = around.registry((reachable, why) => this.#reached(reachable, why));
    this.#registry = registry;
    this.#ownership = new Ownership(
      self,
      registry,
      {
        whereabouts: (vm) => this.#whereabouts(vm),
        runsHere: (vm) => this.#runsHere(vm),
        askedOf: async (host, vm) =>
          (await registry.ask(host, { ask: 'whereabouts', vm }).catch((): { where?: Whereabouts } => ({}))).where,
        yield: (vm, owner) => this.#yield(vm, owner),
      },
      (vm, message) => around.notice({ what: 'conflict', vm, message }),
    );
    this.#parts = {
      self,
      rules: around.rules,
      registry,
      ownership: this.#ownership,
      coolDowns: new CoolDowns(around.rules),
      log: this.#log,
      luggage: around.luggage,
      hold: (vm, work) => vms.hold(vm, work),
      macOf: around.macOf,
      nowUs: around.nowUs,
      after: this.#pace.after,
      closing: () => this.#pace.closed,
    };
    this.#migrations = new Migrations(this.#parts, {
      roomBps: () => this.#roomBps(),
      underAttack: around.underAttack,
      whereabouts: (vm) => this.#whereabouts(vm),
      runsHere: (vm) => this.#runsHere(vm),
    });
    const owners: VmOwners = {
      take: (vm) => (this.#ownership as Ownership).take(vm),
      giveUp: (vm) => this.#ownership?.giveUp(vm),
      migrate: async (vm, to) => void (await this.migrate(vm, { to })),
    };
    vms.shareWith(owners);
  }

  get reachable(): boolean {
    return this.#registry?.reachable ?? false;
  }

  async hosts(): Promise<readonly HostInfo[]> {
    return this.#demandRegistry().hosts();
  }

  async migrate(vm: string, options: MigrateOptions = {}): Promise<MigrationRecord> {
    this.#demandRegistry();
    this.#around?.vms.index(vm); // says which VMs there are
    const work = (this.#migrations as Migrations).migrate(vm, options);
    this.#pace.goesOn(work);
    return work;
  }

  migrations(): MigrationRecord[] {
    return this.#log.records;
  }

  idle(): Promise<void> {
    return this.#pace.idle();
  }

  /** Answers other hosts and announces itself, if the registry is in reach. Called by the host before its VMs start. */
  async open(): Promise<void> {
    if (this.#around === undefined) return;
    this.#announcedUs = this.#around.nowUs();
    await this.#goRound().catch(() => undefined);
  }

  /** Starts the VMs that are to run here, but for those that another host has. */
  async startAll(vms: VmManager, configured: readonly Pick<VmConfig, 'name' | 'start'>[]): Promise<void> {
    const toStart = configured.filter(({ start }) => start).map(({ name }) => name);
    for (const vm of toStart) await (this.#around === undefined ? vms.start(vm) : this.#start(vm));
  }

  async #start(vm: string): Promise<void> {
    const around = this.#around as ClusterSurroundings;
    try {
      await around.vms.start(vm);
      this.#waiting.delete(vm);
    } catch (cause) {
      if (!isFairleadError(cause)) throw cause;
      if (cause.code !== 'FAIRLEAD_ERR_VM_ELSEWHERE' && cause.code !== 'FAIRLEAD_ERR_REGISTRY') throw cause;
      const known = this.#waiting.has(vm);
      // Nobody knows, or it is on its way from nowhere to nowhere: it is tried again. One that another host has is not.
      if (cause.code === 'FAIRLEAD_ERR_REGISTRY' || cause.message.includes('between which')) this.#waiting.add(vm);
      else this.#waiting.delete(vm);
      if (!known) around.notice({ what: 'not-started', vm, message: cause.what });
    }
  }

  /** Announces the host when it is time to. Called by the runtime. */
  poll(nowUs: number): void {
    const around = this.#around;
    if (around === undefined || this.#pace.closed || this.#round !== undefined) return;
    if (nowUs - this.#announcedUs < around.announceMs * 1000) return;
    this.#announcedUs = nowUs;
    const round = this.#goRound().finally(() => {
      this.#round = undefined;
    });
    this.#round = round.catch(() => undefined);
    this.#pace.goesOn(round);
  }

  async #goRound(): Promise<void> {
    const registry = this.#registry as RegistryCalls;
    const around = this.#around as ClusterSurroundings;
    const { self } = around;
    if (!this.#answers) {
      await registry.answer(self, (question) => (this.#migrations as Migrations).answer(question));
      this.#answers = true;
    }
    const load = around.load();
    await registry.announce({ name: self, roomBps: this.#roomBps(), load, underAttack: around.underAttack() });
    await this.#ownership?.round();
    for (const vm of [...this.#waiting]) {
      if (this.#whereabouts(vm) === 'gone') await this.#start(vm);
      else this.#waiting.delete(vm);
    }
    await this.#migrations?.expire(around.nowUs());
  }

  #roomBps(): number {
    const { table, capacityBps } = this.#around as ClusterSurroundings;
    let reservedBps = 0;
    for (let vm = 0; vm < table.count; vm++) if (table.away[vm] === 0) reservedBps += table.reservationBps[vm];
    // One that is on its way is counted in the table from when it is here.
    for (const [vm, reservationBps] of this.#migrations?.coming() ?? [])
      if (table.away[table.names.indexOf(vm)] !== 0) reservedBps += reservationBps;
    return Math.max(0, capacityBps() - reservedBps);
  }

  #whereabouts(vm: string): Whereabouts {
    const { vms, table } = this.#around as ClusterSurroundings;
    const row = table.names.indexOf(vm);
    if (row < 0) return 'gone';
    const state = vms.state(row);
    if (state === 'running' || state === 'suspended') return 'here';
    return state === 'migrating' ? 'leaving' : 'gone';
  }

  async #runsHere(vm: string): Promise<boolean> {
    const { table, status } = this.#around as ClusterSurroundings;
    const index = table.names.indexOf(vm);
    const said = index < 0 ? undefined : await status({ index, name: vm });
    return said === 'running' || said === 'suspended';
  }

  /** The registry and the other host agree that it is there: of the two that run, this one rests. */
  async #yield(vm: string, owner: string): Promise<void> {
    const { vms, notice } = this.#around as ClusterSurroundings;
    const row = vms.index(vm);
    if (vms.state(row) === 'suspended' && vms.suspendedByHand(row)) return; // it rests already, and that was told
    const why = await vms.suspend(vm).then(
      () => undefined,
      (cause: unknown) => (isFairleadError(cause) ? cause.what : String(cause)),
    );
    const rests = why === undefined ? 'it is suspended here' : `it could not be suspended here: ${why}`;
    notice({ what: 'conflict', vm, message: `VM "${vm}" runs on host "${owner}" as well, which has it: ${rests}` });
  }

  #reached(reachable: boolean, why: string): void {
    const message = reachable
      ? 'the registry is in reach again'
      : `${why}; the VMs of this host run on, and none migrates`;
    this.#around?.notice({ what: reachable ? 'in-reach' : 'out-of-reach', vm: '', message });
  }

  #demandRegistry(): RegistryCalls {
    if (this.#registry !== undefined) return this.#registry;
    throw new FairleadError('FAIRLEAD_ERR_MIGRATION', 'this host knows no others', {
      where: 'registry',
      mend: 'configure a registry of hosts',
    });
  }

  /** Begins nothing more, calls off what can be, and leaves the registry. Claims stay: its VMs may run on. */
  async close(): Promise<void> {
    await this.#pace.close(CLOSE_MS);
    await this.#registry?.close();
  }
}
