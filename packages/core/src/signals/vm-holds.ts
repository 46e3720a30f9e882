import type { VmTable } from '@fairlead/sdk';
import type { VmManager } from '../managers/vm-manager.ts';
import type { TeamManager } from '../teams/team-manager.ts';
import { HeldPower } from './held-power.ts';
import type { Power, VmPower, Wishes } from './vm-power.ts';
import type { Direction, VmReins } from './vm-reins.ts';

const least = (wishes: readonly number[]): number => Math.min(...wishes);
const most = (wishes: readonly number[]): number => Math.max(...wishes);

/**
 * Who holds which VM, and by what. One that an operator has suspended, or slowed, stays so when the last responder lets
 * go of it.
 */
export class VmHolds implements Omit<VmPower, 'migrate'> {
  readonly #teams: TeamManager;
  readonly #held: { readonly [P in Power]: HeldPower<Wishes[P]> };

  constructor({ names }: VmTable, vms: VmManager, teams: TeamManager, reins: VmReins, nowUs: () => number) {
    this.#teams = teams;
    const name = (vm: number): string => names[vm] as string;
    const policed = (direction: Direction): HeldPower<number> =>
      new HeldPower(nowUs, {
        strictest: least,
        apply: async (vm, wish = Number.POSITIVE_INFINITY) => reins.police(vm, direction, wish),
      });
    this.#held = {
      suspend: new HeldPower(nowUs, {
        strictest: () => true,
        apply: async (vm, wish) => {
          if (wish !== undefined) await vms.suspend(name(vm), 'responder');
          else if (!vms.suspendedByHand(vm)) await vms.resume(name(vm), 'responder');
        },
      }),
      throttle: new HeldPower(nowUs, {
        strictest: least,
        apply: (vm, wish = 1) => vms.throttle(name(vm), Math.min(wish, vms.throttledByHand(vm)), 'responder'),
      }),
      delay: new HeldPower(nowUs, {
        strictest: most,
        apply: async (vm, wish = 0) => reins.delay(vm, wish),
      }),
      inbound: policed('inbound'),
      outbound: policed('outbound'),
      // Of two teams neither is stricter: the one that was asked for last carries the frames.
      team: new HeldPower(nowUs, {
        strictest: (wishes) => wishes.at(-1) as string,
        apply: async (vm, wish) => teams.carry(vm, wish, nowUs()),
      }),
    };
  }

  demandTeam(team: string): void {
    this.#teams.index(team);
  }

  take<P extends Power>(power: P, holder: object, vm: number, wish: Wishes[P]): Promise<void> {
    return this.#held[power].take(holder, vm, wish);
  }

  release(power: Power, holder: object, vm: number): Promise<string | undefined> {
    return this.#held[power].release(holder, vm);
  }

  /** Tries again what has failed. */
  poll(nowUs: number): Promise<unknown>[] {
    return Object.values(this.#held).flatMap((held) => held.poll(nowUs));
  }
}
