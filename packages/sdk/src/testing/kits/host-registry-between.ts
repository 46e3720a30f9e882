import type { HostRegistry } from '../../points/host-registry.ts';
import { type RegistryScenario, show } from './host-registry-scenario.ts';

/** The hosts of a scenario, each with what it asks. */
interface Hosts {
  of(host: string): HostRegistry;
}

/** A VM goes from one host to another; what is wrong with it. */
export async function handsOver(rig: Hosts, { hosts, vms }: RegistryScenario): Promise<string | undefined> {
  const [first, second, third = second] = hosts;
  const registry = rig.of(first);
  if (registry.handOver === undefined) return undefined;
  const asked = async (vm: string, from: string, to: string): Promise<unknown> =>
    (rig.of(to) as Required<HostRegistry>).handOver(vm, from, to);
  for (const vm of vms) {
    if (await asked(vm, first, second)) return `${show(vm)}, which nobody has, was handed over`;
    await registry.claim(vm, first);
    if (third !== second && (await asked(vm, third, second)))
      return `${show(vm)} was handed over from ${show(third)}; ${show(first)} has it`;
    for (const time of ['once', 'again']) {
      if ((await asked(vm, first, second)) !== true)
        return `${show(vm)} was not handed over from ${show(first)} when it was asked ${time}`;
    }
    if (await registry.claim(vm, first)) return `${show(first)} can claim ${show(vm)}, which it has handed over`;
    if (!(await rig.of(second).claim(vm, second))) return `${show(second)} is told that it has not got ${show(vm)}`;
  }
  return undefined;
}

/** Questions are told from one another by their only byte; the answer is the one that follows. */
export async function carriesQuestions(rig: Hosts, { hosts }: RegistryScenario): Promise<string | undefined> {
  for (const [i, host] of hosts.entries()) {
    await rig.of(host).answer?.(host, async ([said = 0]) => {
      if (said === 255) throw new Error(`host ${i} refuses`);
      return Uint8Array.of(said + 1, i);
    });
  }
  for (const [i, host] of hosts.entries()) {
    const registry = rig.of(hosts[(i + 1) % hosts.length]);
    if (registry.ask === undefined || registry.answer === undefined) return undefined;
    const answers = await Promise.all([1, 2, 3].map((said) => registry.ask?.(host, Uint8Array.of(said))));
    const read = answers.map((answer) => [...(answer ?? [])].join());
    const expected = [1, 2, 3].map((said) => `${said + 1},${i}`);
    if (read.join(' ') !== expected.join(' '))
      return `${show(host)} was asked 1, 2 and 3 and answered ${read.join(' ')}; it said ${expected.join(' ')}`;
    const refusal = await registry.ask(host, Uint8Array.of(255)).then(String, (error: unknown) => String(error));
    if (!refusal.includes(`host ${i} refuses`)) return `a refusal of ${show(host)} came back as ${refusal}`;
  }
  return undefined;
}
