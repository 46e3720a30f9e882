// A host in a process of its own, as `host-process.ts` starts it: answers requests over the process's channel, and
// ends with that channel.
import process from 'node:process';
import { hostFrom } from '@fairlead/core';
import { DROP_REASON_COUNT, DROP_REASONS } from '@fairlead/sdk';

/** @typedef {import('@fairlead/core').Host} Host */
/** @typedef {import('./host-process.ts').HostRequest} HostRequest */
/** @typedef {import('./host-process.ts').HostView} HostView */

/** @type {Host | undefined} */
let host;
/** @type {string[]} */
const events = [];
/** @type {string[]} */
const signals = [];
const MOST_EVENTS = 1_000;

/**
 * @param {Host} running
 * @returns {HostView}
 */
function view(running) {
  const { refused, dropped } = running.arena.vms;
  const vms = running.vms.list().map((vm) => {
    const first = vm.index * DROP_REASON_COUNT;
    const reasons = DROP_REASONS.map((reason, at) => [reason, refused[first + at] + dropped[first + at]]);
    return { ...vm, dropped: Object.fromEntries(reasons.filter(([, count]) => count !== 0)) };
  });
  const history = running.signals.history();
  const actions = history.map(({ action, vm, state, signal }) => `${action} ${vm}, ${state}: ${signal.kind}`);
  const answers = history.map(({ where, action, vm, state, reason }) => ({ where, action, vm, state, reason }));
  return { vms, nics: running.nics.list(), actions, answers, signals, events };
}

/** @param {HostRequest} request */
async function answer(request) {
  if (request.ask === 'start') {
    host = await hostFrom(request.config, [import.meta.url]);
    for (const name of /** @type {const} */ (['fault', 'nic', 'device', 'worker', 'log'])) {
      host.on(name, (/** @type {unknown} */ detail) => {
        if (events.length < MOST_EVENTS) events.push(`${name} ${JSON.stringify(detail)}`);
      });
    }
    host.on('signal', ({ state, signal, vm }) => {
      if (signals.length < MOST_EVENTS) signals.push(`${signal.kind} of ${vm} ${state}, says ${signal.from}`);
    });
    await host.start();
    return undefined;
  }
  if (host === undefined) throw new Error('the host was not started');
  if (request.ask === 'view') return view(host);
  await host.close();
  host.assertConserved();
  return host.accounts();
}

process.on('message', (/** @type {HostRequest & { id: number }} */ request) => {
  answer(request).then(
    (value) => process.send?.({ id: request.id, value }),
    (error) => process.send?.({ id: request.id, error: String(error?.message ?? error) }),
  );
});
process.on('disconnect', () => process.exit());
