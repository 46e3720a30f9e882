import type { Host, MigrationRecord } from '@fairlead/core';
import type { EventResult } from '../result.ts';

/** Keeps what a host says of itself while it runs. */
export function hear(host: Host, events: EventResult[]): void {
  const say = (text: string): void => void events.push({ seconds: host.nowUs / 1e6, by: 'host', text });
  host.on('nic', ({ nic, state, cause }) => say(`NIC ${nic} is ${state}: ${cause}`));
  host.on('vm', ({ vm, state }) => say(`VM ${vm} is ${state}`));
  host.on('signal', ({ state, signal: { kind, from, confidence }, vm, nic }) =>
    say(
      state === 'began'
        ? `${from} signals ${kind} on ${subjectOf(vm, nic)} with a confidence of ${confidence.toFixed(2)}`
        : `${kind} on ${subjectOf(vm, nic)} is over, as ${from} judges`,
    ),
  );
  host.on('action', ({ id, state, action, vm, responder, reason }) =>
    say(
      state === 'withheld'
        ? `nothing is done about VM ${vm}: ${reason}`
        : `action ${id}, ${action} of VM ${vm} by ${responder}, is ${state}: ${reason}`,
    ),
  );
  const told = new Map<string, MigrationRecord['state']>();
  host.on('migration', (record) => {
    // What the host that it comes to says of it is the same, seen from there.
    if (record.direction === 'in' || told.get(record.id) === record.state) return;
    told.set(record.id, record.state);
    say(migrationText(record));
  });
  host.on('device', ({ device, message }) => say(`virtual NIC ${device} failed: ${message}`));
  host.on('fault', ({ plugin, hook, vm, fallback, message }) =>
    say(`plugin ${plugin} failed in ${hook}() for VM ${vm}; ${fallback} serves: ${message.replaceAll(/\s+/g, ' ')}`),
  );
  host.on('reservation-unmet', (unmet) =>
    say(`the NICs that are up cannot meet the reservation of ${unmet.map(({ vm }) => vm).join(', ')}`),
  );
}

/** How far the migration of a VM is, in words. */
function migrationText({
  vm,
  to,
  state,
  by,
  downtimeMs,
  outboundFrames,
  inboundFrames,
  reason,
}: MigrationRecord): string {
  switch (state) {
    case 'copying':
      return `VM ${vm} begins to move to host ${to}, for the ${by}`;
    case 'switching':
      return `VM ${vm} rests to change hands`;
    case 'done': {
      const away = downtimeMs === undefined ? '' : `, was away for ${downtimeMs} ms`;
      return `VM ${vm} runs on host ${to}${away}; ${outboundFrames} frames to send and ${inboundFrames} to receive went along`;
    }
    default:
      return `migration of VM ${vm}${to === '' ? '' : ` to host ${to}`} is ${state}: ${reason}`;
  }
}

function subjectOf(vm: string, nic: string): string {
  if (vm !== '') return `VM ${vm}`;
  return nic === '' ? 'the host' : `NIC ${nic}`;
}
