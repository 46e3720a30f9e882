import { definePlugin, type Hypervisor, type ResponderContext, Type } from '@fairlead/sdk';
import type { WrittenHostConfig } from '../../src/config.ts';
import type { Host } from '../../src/host.ts';
import { inlineHost, memoryNic, memoryVm, nicOf } from './inline-host.ts';
import { action, pass, responder } from './responders.ts';

/** What a responder of a test asks for. */
export type Ask = (context: ResponderContext) => Promise<void>;

/** Fractions of CPU time that VM 0 was given, one after the other. */
export let fractions: number[] = [];
/** What the hypervisor has against the next calls. */
export let refusals: Error[] = [];

const hypervisor = definePlugin({
  kind: 'hypervisor',
  name: 'noting',
  apiVersion: 1,
  options: Type.Object({}),
  implementation: class implements Hypervisor {
    start = async (): Promise<void> => undefined;
    suspend = async (): Promise<void> => undefined;
    resume = async (): Promise<void> => undefined;
    stop = async (): Promise<void> => undefined;
    migrate = async (): Promise<void> => undefined;
    status = async () => 'running' as const;
    throttle = async (_: unknown, fraction: number): Promise<void> => {
      const refusal = refusals.shift();
      if (refusal !== undefined) throw refusal;
      fractions.push(fraction);
    };
  },
});

/** A chain for each of `asks` about vm0, which hears that a NIC is down of which nobody has need. */
export async function powerHost(asks: readonly Ask[], change: Partial<WrittenHostConfig> = {}): Promise<Host> {
  fractions = [];
  refusals = [];
  const names = asks.map((_, i) => `ask${i}`);
  const definitions = asks.map((ask, i) =>
    responder(`ask${i}`, async (_, context) => {
      await ask(context);
      return [action(context)];
    }),
  );
  const host = await inlineHost(
    {
      nics: ['nic0', 'nic1', 'watched'].map((name) => memoryNic(name)),
      vms: [memoryVm(0, { team: 'home' }), memoryVm(1, { team: 'home' })],
      teams: [
        { name: 'home', active: ['nic0'] },
        { name: 'away', active: ['nic1'] },
        { name: 'watched', active: ['watched'] },
      ],
      hypervisor: { use: 'noting' },
      signals: names.map((use) => ({ on: 'nic-down' as const, vms: ['vm0'], responders: [{ use }] })),
      ...change,
    },
    [hypervisor, ...definitions],
  );
  await pass(host, 20);
  return host;
}

/** Begins, or ends, what the chains do. */
export async function hold(running: Host, holds = true): Promise<void> {
  nicOf(running, 'watched').setLink(!holds);
  await pass(running, 20);
}
