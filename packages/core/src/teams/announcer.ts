import { isIPv4 } from 'node:net';
import type { HostConfig } from '../config.ts';
import { ipv6Bytes } from '../ip-address.ts';
import type { HostFramePort } from '../managers/host-frames.ts';
import type { Arena } from '../memory/arena.ts';
import { gratuitousArp, neighbourAdvertisement, rarp } from './announcement.ts';

/** How the VMs of a team are announced after a move. */
export interface AnnounceRules {
  /** Announcements of each address; 0: none. */
  readonly count: number;
  readonly spacingUs: number;
}

interface Round {
  /** VMs that are still to be announced in this round. */
  vms: number[];
  /** Rounds that follow this one. */
  left: number;
  dueUs: number;
}

/**
 * Tells the network where VMs are after they moved to another NIC: a reverse ARP for each MAC address, a gratuitous ARP
 * or neighbour advertisement for each IP address that is known. They leave the way the VM's frames go. A second move
 * while a team's VMs are being announced begins anew.
 */
export class Announcer {
  readonly #arena: Arena;
  readonly #port: HostFramePort;
  readonly #rules: AnnounceRules;
  /** The frames that announce each VM. */
  readonly #frames: readonly (readonly Uint8Array[])[];
  /** By team; by minus one minus its number for a VM that moved alone. */
  readonly #rounds = new Map<number, Round>();

  /** `addresses`: the IP addresses of each VM, by its number. */
  constructor(arena: Arena, port: HostFramePort, rules: AnnounceRules, addresses: readonly (readonly string[])[]) {
    this.#arena = arena;
    this.#port = port;
    this.#rules = rules;
    this.#frames = arena.vms.names.map((_, vm) => {
      const mac = macOf(arena, vm);
      const known = (addresses[vm] ?? []).map((address) =>
        isIPv4(address)
          ? gratuitousArp(mac, address.split('.').map(Number))
          : neighbourAdvertisement(mac, ipv6Bytes(address)),
      );
      return [rarp(mac), ...known];
    });
  }

  /** As a host is configured with it. */
  static of({ announce, vms }: HostConfig, arena: Arena, port: HostFramePort): Announcer {
    const rules = { count: announce.count, spacingUs: announce.spacingMs * 1000 };
    const addresses = vms.map((vm) => vm.addresses);
    return new Announcer(arena, port, rules, addresses);
  }

  /** The VMs of a team have moved. */
  announce(team: number, nowUs: number): void {
    if (this.#rules.count === 0) return;
    const vms = this.#vmsOf(team);
    if (vms.length > 0) this.#rounds.set(team, { vms, left: this.#rules.count - 1, dueUs: nowUs });
  }

  /** One VM has moved. */
  announceVm(vm: number, nowUs: number): void {
    this.announce(-1 - vm, nowUs);
  }

  #vmsOf(team: number): number[] {
    if (team < 0) return [-1 - team];
    return [...this.#arena.vms.names.keys()].filter((vm) => this.#arena.vms.team[vm] === team);
  }

  /** Sends what is due, as far as there is room. Called by the runtime. */
  poll(nowUs: number): void {
    for (const [team, round] of this.#rounds) {
      if (nowUs < round.dueUs) continue;
      while (round.vms.length > 0 && this.#send(round.vms[0] as number)) round.vms.shift();
      if (round.vms.length > 0) continue;
      if (round.left === 0) this.#rounds.delete(team);
      else
        this.#rounds.set(team, {
          vms: this.#vmsOf(team),
          left: round.left - 1,
          dueUs: round.dueUs + this.#rules.spacingUs,
        });
    }
  }

  /** When the next round is due; Infinity when none is. */
  get nextDueUs(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...[...this.#rounds.values()].map((round) => round.dueUs));
  }

  /** Sends all that announces a VM; a second try may repeat part of it, which does no harm. */
  #send(vm: number): boolean {
    return (this.#frames[vm] ?? []).every((frame) => this.#port.sendFor(vm, frame));
  }
}

function macOf(arena: Arena, vm: number): Uint8Array {
  const mac = new Uint8Array(8);
  const view = new DataView(mac.buffer);
  view.setUint32(0, arena.vms.macWord0[vm], true);
  view.setUint32(4, arena.vms.macWord1[vm], true);
  return mac.slice(0, 6);
}
