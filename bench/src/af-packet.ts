import { checkValue } from '@fairlead/core';
import { type Arena, instantiate, type Surroundings } from '@fairlead/core/stages';
import afPacket from '@fairlead/nic-driver-af-packet';
import { Nic, type NicContext, type NicDriver } from '@fairlead/sdk';

/** What plugins of a measured loop are given: the loop's tables, and a clock for their logs alone. */
export function surroundingsOf(arena: Arena): Surroundings {
  const nowUs = (): number => performance.now() * 1000;
  return {
    nics: arena.nics,
    vms: arena.vms,
    clock: { nowUs },
    seed: 1,
    log: (_, plugin, text) => console.error(`${plugin}: ${text}`),
  };
}

/** The af-packet driver on an interface, opened as NIC `index` of a host, with the driver's own defaults. */
export async function openAfPacket(
  arena: Arena,
  surroundings: Surroundings,
  nic: { index: number; interface: string; receives: boolean },
): Promise<NicDriver> {
  const { index, receives } = nic;
  const checked = checkValue(afPacket.options, { interface: nic.interface }, 'FAIRLEAD_ERR_PLUGIN_OPTIONS');
  const context: NicContext = {
    index,
    name: nic.interface,
    queue: 0,
    queues: 1,
    role: 'data',
    receives,
    shared: new Float64Array(64),
  };
  const driver = instantiate(afPacket as never, checked.value, surroundings, nic.interface, {
    token: Nic,
    value: context,
  });
  await (driver as NicDriver).open?.();
  return driver as NicDriver;
}
