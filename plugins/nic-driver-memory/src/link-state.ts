import { FairleadError } from '@fairlead/sdk';

/* Places in `NicContext.shared`. The host hands it over zeroed, so the first instance to come fills it. */
const FILLED = 0;
const UP = 1;
const SPEED_BPS = 2;
const LATENCY_US = 3;
const LOSS = 4;

export interface LinkSettings {
  readonly up: boolean;
  readonly speedBps: number;
  readonly latencyUs: number;
  readonly loss: number;
}

/**
 * State of the simulated link, in memory that all instances of one NIC share: what is set on one is obeyed by all, in
 * whichever thread they are. One thread sets, the one that holds the `control` or `both` instance.
 */
export class LinkState {
  constructor(
    private readonly shared: Float64Array,
    initial: LinkSettings,
  ) {
    if (shared[FILLED] !== 0) return;
    this.speedBps = initial.speedBps;
    this.latencyUs = initial.latencyUs;
    this.loss = initial.loss;
    this.up = initial.up;
    shared[FILLED] = 1;
  }

  get up(): boolean {
    return this.shared[UP] !== 0;
  }

  set up(up: boolean) {
    this.shared[UP] = up ? 1 : 0;
  }

  get speedBps(): number {
    return this.shared[SPEED_BPS];
  }

  set speedBps(speedBps: number) {
    this.shared[SPEED_BPS] = checked(speedBps > 0 && Number.isFinite(speedBps), speedBps, 'a speed above 0 bit/s');
  }

  get latencyUs(): number {
    return this.shared[LATENCY_US];
  }

  set latencyUs(latencyUs: number) {
    this.shared[LATENCY_US] = checked(
      latencyUs >= 0 && Number.isFinite(latencyUs),
      latencyUs,
      'a latency of 0 us or more',
    );
  }

  get loss(): number {
    return this.shared[LOSS];
  }

  set loss(loss: number) {
    this.shared[LOSS] = checked(loss >= 0 && loss <= 1, loss, 'a probability from 0 to 1');
  }
}

function checked(fits: boolean, value: number, wanted: string): number {
  if (fits) return value;
  throw new FairleadError('FAIRLEAD_ERR_PLUGIN_OPTIONS', `a simulated NIC cannot have ${value}`, {
    where: 'nic-driver memory',
    mend: `give ${wanted}`,
  });
}
