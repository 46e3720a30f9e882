import type { Host, HostFault, MigrationRecord, SignalNotice, TeamMove } from '@fairlead/core';
import { swapText } from '../commands/swap.ts';

/** Something that happened to a host while it ran. */
export interface HappenedEvent {
  readonly event:
    | 'fault'
    | 'team'
    | 'nic'
    | 'vm'
    | 'device'
    | 'worker'
    | 'reservation-unmet'
    | 'signal'
    | 'migration'
    | 'cluster'
    | 'swap'
    | 'shadow'
    | 'log';
  /** Since the host was made, in seconds. */
  readonly seconds: number;
  /** In words, on one line. */
  readonly text: string;
  /** True for what someone should look at. */
  readonly grave: boolean;
}

/** Listens to everything a host says of itself. */
export function listen(host: Host, hear: (event: HappenedEvent) => void): void {
  const say = (event: HappenedEvent['event'], text: string, grave: boolean): void =>
    hear({ event, seconds: host.nowUs / 1e6, text: text.replaceAll(/\s+/g, ' '), grave });
  host.on('fault', (fault) => say('fault', faultText(fault), true));
  host.on('team', (move) => say('team', moveText(move), move.to.length === 0));
  host.on('nic', ({ nic, state, cause }) => say('nic', `NIC ${nic} is ${state}: ${cause}`, state === 'down'));
  host.on('vm', ({ vm, state }) => say('vm', `VM ${vm} is ${state}`, false));
  host.on('device', ({ device, message }) => say('device', `virtual NIC ${device} failed: ${message}`, true));
  host.on('worker', ({ worker, cause }) => say('worker', `forwarding worker ${worker} was lost: ${cause}`, true));
  host.on('reservation-unmet', (unmet) =>
    say(
      'reservation-unmet',
      `the NICs that are up cannot meet the reservation of ${unmet.map(({ vm }) => vm).join(', ')}`,
      true,
    ),
  );
  host.on('signal', (notice) => say('signal', signalText(notice), notice.state === 'began'));
  host.on('migration', (record) => {
    if (record.endedUs !== undefined || record.state === 'unresolved')
      say('migration', migrationText(record), record.state !== 'done');
  });
  host.on('cluster', ({ what, message }) => say('cluster', message, what !== 'in-reach'));
  host.on('swap', (notice) => say('swap', swapText(notice), notice.cause === 'probation'));
  host.on('shadow', ({ section, shadow, state, message }) => {
    const what = {
      set: 'is asked beside the policy that decides',
      cleared: 'is no longer asked',
      aside: 'was put aside',
    };
    say(
      'shadow',
      `${section}: shadow ${shadow} ${what[state]}${message === '' ? '' : `: ${message}`}`,
      state === 'aside',
    );
  });
  host.on('log', ({ level, plugin, message }) => say('log', `${plugin}: ${message}`, level === 'warn'));
}

/** Which way a VM went, or did not, in one line. */
function migrationText(record: MigrationRecord): string {
  const { vm, from, to, state, downtimeMs, outboundFrames, inboundFrames, rejected, reason } = record;
  const refusals = rejected.map(({ host, why }) => `; ${host}: ${why}`).join('');
  const way = `migration of VM ${vm} from ${from}${to === '' ? '' : ` to ${to}`}: ${state}`;
  if (state !== 'done') return `${way}${reason === '' ? '' : `: ${reason}`}${refusals}`;
  const down = downtimeMs === undefined ? '' : `, down for ${downtimeMs} ms`;
  return `${way}${down}, with ${outboundFrames} frames to send and ${inboundFrames} to receive${refusals}`;
}

/** What is the matter with whom, who says so, and by which measurements, in one line. */
function signalText({ state, signal, vm, nic }: SignalNotice): string {
  const { kind, from, confidence, evidence } = signal;
  const subject = vm === '' ? (nic === '' ? 'the host' : `NIC ${nic}`) : `VM ${vm}`;
  if (state === 'over') return `${kind} on ${subject} is over, says ${from}`;
  const measured = Object.entries(evidence).map(([name, value]) => `${name} ${value}`);
  return `${kind} on ${subject}, says ${from} with ${(confidence * 100).toFixed(0)}%: ${measured.join(', ')}`;
}

/** What moved where, and why, in one line. */
function moveText({ team, vm, what, from, to, cause }: TeamMove): string {
  const named = (nics: readonly string[]): string => (nics.length === 0 ? 'no NIC' : nics.join(', '));
  const whole = vm === undefined ? `team ${team}` : `VM ${vm} of team ${team}`;
  const moved = what === undefined ? whole : `${what} of ${whole}`;
  const before = from.length === 0 ? '' : ` in place of ${named(from)}`;
  return `${moved} goes over ${named(to)}${before} (${cause})`;
}

/** Who failed, at what, and what comes of it, in one line. */
function faultText({ plugin, hook, vm, nic, fail, fallback, input, cost, message }: HostFault): string {
  const subject = nic === '' ? (vm === '' ? '' : ` for VM ${vm}`) : ` of NIC ${nic}`;
  const batch = input === undefined || input.frames === 0 ? '' : ` at ${input.frames} frames of ${input.bytes} bytes`;
  const used = cost === undefined ? '' : `, having used ${cost.used.toFixed(1)} of ${cost.allowed} ${cost.unit}`;
  const outcome = {
    fallback: `was put aside; ${fallback} serves`,
    open: `was put aside; ${fallback} serves`,
    closed: nic === '' ? 'was put aside; its frames are dropped' : 'was put aside; its NIC is down',
    stop: 'stops the host',
  }[fail];
  return `plugin ${plugin} failed in ${hook}()${subject}${batch}${used} and ${outcome}: ${message}`;
}

/**
 * What a host says of itself, kept until someone listens: a plugin may fail while the host is still being started. That
 * the VMs come up meanwhile is no news.
 */
export class EventQueue {
  readonly #kept: HappenedEvent[] = [];
  #hear: ((event: HappenedEvent) => void) | undefined;

  constructor(host: Host) {
    listen(host, (event) => {
      if (this.#hear !== undefined) this.#hear(event);
      else if (event.event !== 'vm') this.#kept.push(event);
    });
  }

  /** Hands over what was kept, and from now on each event as it comes. */
  drainTo(hear: (event: HappenedEvent) => void): void {
    this.#hear = hear;
    for (const event of this.#kept.splice(0)) hear(event);
  }
}
