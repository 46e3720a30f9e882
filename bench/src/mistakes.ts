// One load distribution, written well and with one usual mistake each. All do the same: a frame goes over the NIC that
// has the fewest bytes ahead of it, what this batch has put there included.
import { MAX_NICS, type NicTable, type TransmitBatch } from '@fairlead/sdk';

export type Kernel = (batch: TransmitBatch) => undefined;

/** As it should be: arrays made once, tables and fields read once for each batch, plain indexing in the loop. */
function asItShouldBe(nics: NicTable): Kernel {
  const ahead = new Float64Array(MAX_NICS);
  return (batch) => {
    const { count, bytes, nic: chosen } = batch;
    const { available, availableCount, pendingBytes } = nics;
    for (let i = 0; i < availableCount; i++) ahead[available[i]] = pendingBytes[available[i]];
    for (let i = 0; i < count; i++) {
      let best = available[0];
      for (let j = 1; j < availableCount; j++) if (ahead[available[j]] < ahead[best]) best = available[j];
      ahead[best] += bytes[i];
      chosen[i] = best;
    }
  };
}

/** An object for every frame, in an array for every batch. */
function objectPerFrame(nics: NicTable): Kernel {
  const ahead = new Float64Array(MAX_NICS);
  return (batch) => {
    const { available, availableCount, pendingBytes } = nics;
    for (let i = 0; i < availableCount; i++) ahead[available[i]] = pendingBytes[available[i]];
    const choices: { nic: number; bytes: number }[] = [];
    for (let i = 0; i < batch.count; i++) {
      let best = available[0];
      for (let j = 1; j < availableCount; j++) if (ahead[available[j]] < ahead[best]) best = available[j];
      ahead[best] += batch.bytes[i];
      choices.push({ nic: best, bytes: batch.bytes[i] });
    }
    for (const [i, choice] of choices.entries()) batch.nic[i] = choice.nic;
  };
}

/** The list of NICs copied and searched by callbacks, for every frame. */
function closurePerFrame(nics: NicTable): Kernel {
  const ahead = new Float64Array(MAX_NICS);
  return (batch) => {
    const { available, availableCount, pendingBytes } = nics;
    for (let i = 0; i < availableCount; i++) ahead[available[i]] = pendingBytes[available[i]];
    for (let i = 0; i < batch.count; i++) {
      const usable = Array.from(available.subarray(0, availableCount));
      const best = usable.reduce((least, nic) => (ahead[nic] < ahead[least] ? nic : least));
      ahead[best] += batch.bytes[i];
      batch.nic[i] = best;
    }
  };
}

/** A counter that other threads may see, added to with `Atomics` for every frame. */
function atomicsPerFrame(nics: NicTable): Kernel {
  const ahead = new Int32Array(new SharedArrayBuffer(MAX_NICS * 4));
  return (batch) => {
    const { count, bytes, nic: chosen } = batch;
    const { available, availableCount, pendingBytes } = nics;
    for (let i = 0; i < availableCount; i++) Atomics.store(ahead, available[i], pendingBytes[available[i]]);
    for (let i = 0; i < count; i++) {
      let best = available[0];
      for (let j = 1; j < availableCount; j++) {
        if (Atomics.load(ahead, available[j]) < Atomics.load(ahead, best)) best = available[j];
      }
      Atomics.add(ahead, best, bytes[i]);
      chosen[i] = best;
    }
  };
}

/** Every field and every column looked up again for each frame and NIC. */
function fieldsInTheLoop(nics: NicTable): Kernel {
  const policy = new (class {
    readonly #state = { ahead: new Float64Array(MAX_NICS) };

    select(batch: TransmitBatch): undefined {
      for (let i = 0; i < nics.availableCount; i++) {
        this.#state.ahead[nics.available[i]] = nics.pendingBytes[nics.available[i]];
      }
      for (let i = 0; i < batch.count; i++) {
        batch.nic[i] = nics.available[0];
        for (let j = 1; j < nics.availableCount; j++) {
          if (this.#state.ahead[nics.available[j]] < this.#state.ahead[batch.nic[i]]) batch.nic[i] = nics.available[j];
        }
        this.#state.ahead[batch.nic[i]] += batch.bytes[i];
      }
    }
  })();
  return (batch) => policy.select(batch);
}

/** One function for arrays of several kinds: each access asks first which it is. */
function arraysOfManyKinds(nics: NicTable): Kernel {
  const kinds: { [index: number]: number }[] = [
    new Float64Array(MAX_NICS),
    new Int32Array(MAX_NICS),
    new Float32Array(MAX_NICS),
    new Uint32Array(MAX_NICS),
    Array.from({ length: MAX_NICS }, () => 0),
  ];
  const leastOf = (ahead: { [index: number]: number }, bytes: number): number => {
    let best = nics.available[0];
    for (let j = 1; j < nics.availableCount; j++) if (ahead[nics.available[j]] < ahead[best]) best = nics.available[j];
    ahead[best] += bytes;
    return best;
  };
  let turn = 0;
  return (batch) => {
    const ahead = kinds[turn++ % kinds.length];
    for (let i = 0; i < nics.availableCount; i++) ahead[nics.available[i]] = nics.pendingBytes[nics.available[i]];
    for (let i = 0; i < batch.count; i++) batch.nic[i] = leastOf(ahead, batch.bytes[i]);
  };
}

/** State in a `Map`, read and written for every frame. */
function mapPerFrame(nics: NicTable): Kernel {
  const ahead = new Map<number, number>();
  return (batch) => {
    const { available, availableCount, pendingBytes } = nics;
    for (let i = 0; i < availableCount; i++) ahead.set(available[i], pendingBytes[available[i]]);
    for (let i = 0; i < batch.count; i++) {
      let best = available[0];
      for (let j = 1; j < availableCount; j++) {
        if ((ahead.get(available[j]) ?? 0) < (ahead.get(best) ?? 0)) best = available[j];
      }
      ahead.set(best, (ahead.get(best) ?? 0) + batch.bytes[i]);
      batch.nic[i] = best;
    }
  };
}

/** State under a name that is put together for every frame. */
function stringPerFrame(nics: NicTable): Kernel {
  const chosen = asItShouldBe(nics);
  const seen: Record<string, number> = {};
  return (batch) => {
    chosen(batch);
    for (let i = 0; i < batch.count; i++) {
      const key = `${batch.vm}:${batch.nic[i]}`;
      seen[key] = (seen[key] ?? 0) + 1;
    }
  };
}

/** Counters as big integers, so that they never overflow. */
function bigintPerFrame(nics: NicTable): Kernel {
  const chosen = asItShouldBe(nics);
  let total = 0n;
  return (batch) => {
    chosen(batch);
    for (let i = 0; i < batch.count; i++) total += BigInt(batch.bytes[i]);
  };
}

/** An exception for one frame of a batch, caught in the loop. */
function throwPerBatch(nics: NicTable): Kernel {
  const chosen = asItShouldBe(nics);
  const check = (i: number, count: number): void => {
    if (i === count - 1) throw new Error(`frame ${i} is refused`);
  };
  return (batch) => {
    chosen(batch);
    for (let i = 0; i < batch.count; i++) {
      try {
        check(i, batch.count);
      } catch {
        batch.nic[i] = nics.available[0];
      }
    }
  };
}

/** By the name of the row. */
export const KERNELS: Readonly<Record<string, (nics: NicTable) => Kernel>> = {
  'as it should be': asItShouldBe,
  'object per frame': objectPerFrame,
  'closure per frame': closurePerFrame,
  'atomics per frame': atomicsPerFrame,
  'fields in the loop': fieldsInTheLoop,
  'arrays of many kinds': arraysOfManyKinds,
  'map per frame': mapPerFrame,
  'string per frame': stringPerFrame,
  'bigint per frame': bigintPerFrame,
  'throw per batch': throwPerBatch,
};
