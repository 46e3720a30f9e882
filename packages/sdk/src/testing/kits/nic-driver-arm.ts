import type { NicRig } from './nic-driver-rig.ts';

/** Moments that a network in real time is given to deliver. */
const MOMENTS = 20;

/**
 * Drives `arm` as a host does before it sleeps, on a rig that is not open yet: disarmed it must stay silent, armed it
 * must wake once when a frame comes, unless it has said by `nextEventUs` when that will be.
 */
export async function armFault(rig: NicRig): Promise<string | undefined> {
  const { driver, network } = rig;
  await driver.open?.();
  if (driver.arm === undefined) return close(rig, undefined);
  const wakes = [0, 0];
  const disarm: unknown = driver.arm(() => void wakes[0]++);
  if (typeof disarm !== 'function')
    return close(rig, `its arm returned ${String(disarm)}, not a function that disarms`);
  (disarm as () => void)();
  (disarm as () => void)();
  const again = driver.arm(() => void wakes[1]++);
  await network.deliver?.(driver);
  for (let moment = 0; moment < MOMENTS && wakes[1] === 0; moment++) await network.settle?.();
  await network.settle?.();
  const announced = (driver.nextEventUs?.(rig.clock.nowUs()) ?? Number.POSITIVE_INFINITY) < Number.POSITIVE_INFINITY;
  again();
  const after = wakes[1];
  await network.deliver?.(driver);
  await network.settle?.();
  if (wakes[0] > 0) return close(rig, 'it woke a host that had disarmed it');
  if (wakes[1] > after) return close(rig, 'it woke a host that had disarmed it');
  if (after > 1) return close(rig, `it woke ${after} times for one arm`);
  const mayCome = network.deliver !== undefined && rig.arrivingFrames > 0;
  return close(rig, mayCome && after === 0 && !announced ? 'frames came, and it did not wake' : undefined);
}

async function close(rig: NicRig, fault: string | undefined): Promise<string | undefined> {
  await rig.close();
  return fault;
}
