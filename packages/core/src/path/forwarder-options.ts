import type { NicDriver } from '@fairlead/sdk';
import type { PortSecurity } from '../port-security.ts';
import type { Sampling } from './meter.ts';
import type { Observer } from './observer.ts';
import type { SampledDriver } from './sampled-calls.ts';

/** What a forwarding loop works with. */
export interface ForwarderOptions extends PortSecurity {
  /** Number of the worker. */
  readonly worker: number;
  /** Frames of one VM in one batch, 1 to 256. */
  readonly batchFrames: number;
  /** One driver per NIC; a driver that has no receiver here is only sent to. */
  readonly drivers: readonly NicDriver[];
  /** NICs that this worker receives from. */
  readonly receives: readonly number[];
  /** Told when a driver threw, with the hook that did. */
  readonly driverFailed: (nic: number, hook: string, cause: unknown) => void;
  /** A NIC may be selected, perhaps again: a driver that was put aside is to be tried again. */
  readonly nicReturned?: (nic: number) => void;
  /** Shows the frames to detectors; without one nobody watches them. */
  readonly observer?: Observer;
  /** How often plugins are measured, and by what; not at all when left out. */
  readonly sampling?: Sampling;
  /** Names and budgets of the drivers, by NIC. */
  readonly sampledDrivers?: readonly SampledDriver[];
}
