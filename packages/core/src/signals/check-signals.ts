import type { HostConfig } from '../config.ts';
import type { PluginPlan } from '../plan.ts';
import { type Complaint, closest } from '../plugins/schema-values.ts';

/** Finds what does not fit together in the chains of a host. */
export function checkSignals(
  { signals, vms, memory, detectors }: HostConfig,
  invalid: (path: string, what: string, mend: string) => void,
): void {
  const known = new Set(vms.map((vm) => vm.name));
  for (const [i, { on, allow, vms: targets, backlog, detectors: heard }] of signals.entries()) {
    // Of all kinds this is the one that the host does not raise itself. Detectors that are named are looked for by name.
    if (on === 'attack' && detectors.length === 0 && heard.length === 0)
      invalid(
        `signals[${i}].on`,
        'nobody raises attack: the host has no detectors',
        'add detectors: [{ use: volume }]',
      );
    for (const [key, names] of Object.entries({ allow, vms: targets })) {
      for (const [k, name] of names.entries()) {
        if (known.has(name)) continue;
        const near = closest(name, [...known]);
        const mend = near === undefined ? 'use the name of a VM' : `did you mean "${near}"?`;
        invalid(`signals[${i}].${key}[${k}]`, `there is no VM "${name}"`, mend);
      }
    }
    const where = `signals[${i}].backlog`;
    if (backlog === undefined) continue;
    if (on !== 'backlog') invalid(where, `it says when a VM is behind, to a chain on ${on}`, 'remove it');
    if (backlog.lowFrames >= backlog.frames)
      invalid(where, 'lowFrames is not below frames', 'lower lowFrames, or raise frames');
    if (backlog.frames > memory.txRingFrames)
      invalid(where, `no more than ${memory.txRingFrames} frames ever wait`, 'lower frames, or raise txRingFrames');
  }
  if (signals.some(({ on }) => on === 'failover')) return;
  const asks = vms.findIndex((vm) => vm.suspendOnFailover);
  if (asks < 0) return;
  const mend = 'add signals: [{ on: failover, responders: [{ use: suspend }] }]';
  invalid(`vms[${asks}].suspendOnFailover`, 'nobody suspends it: no chain answers failover', mend);
}

/** Finds detectors that a chain wants to hear and that the host does not have. */
export function checkHeard(
  { signals, detectors }: HostConfig,
  loaded: readonly PluginPlan<'detector'>[],
  complaints: Complaint[],
): void {
  if (loaded.length < detectors.length) return; // what is wrong with the others is known already
  const names = loaded.map(({ name }) => name);
  for (const [i, rule] of signals.entries()) {
    for (const [k, name] of rule.detectors.entries()) {
      if (names.includes(name)) continue;
      const near = closest(name, names);
      const mend = near === undefined ? 'add it under detectors' : `did you mean "${near}"?`;
      const path = `signals[${i}].detectors[${k}]`;
      complaints.push({ code: 'FAIRLEAD_ERR_CONFIG_NAME', path, what: `there is no detector "${name}"`, mend });
    }
  }
}
