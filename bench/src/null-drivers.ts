import type { FrameBurst, LinkStatus, NicDriver } from '@fairlead/sdk';

// Drivers that send nowhere, of several kinds, so that the call of a driver is not bound to one of them beforehand. The
// path ends at what it would be given.

abstract class NullDriver implements NicDriver {
  link(): LinkStatus {
    return { up: true, speedBps: 10e9 };
  }

  receive(): number {
    return 0;
  }

  abstract send(burst: FrameBurst): number;
}

class TakesAll extends NullDriver {
  send(burst: FrameBurst): number {
    return burst.count;
  }
}

class TakesSome extends NullDriver {
  send(burst: FrameBurst): number {
    return burst.count < 32 ? burst.count : 32;
  }
}

class TakesHalf extends NullDriver {
  send(burst: FrameBurst): number {
    return (burst.count + 1) >>> 1;
  }
}

class TakesShort extends NullDriver {
  send(burst: FrameBurst): number {
    let taken = 0;
    while (taken < burst.count && burst.bytes[taken] <= 1514) taken++;
    return taken;
  }
}

class Counts extends NullDriver {
  readonly #bytes = new Float64Array(1);

  send(burst: FrameBurst): number {
    this.#bytes[0] += burst.bytes[0];
    return burst.count;
  }
}

/** The first is the one that is measured. */
export const drivers: readonly NicDriver[] = [
  new TakesAll(),
  new TakesSome(),
  new TakesHalf(),
  new TakesShort(),
  new Counts(),
];
