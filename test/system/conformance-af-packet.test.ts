import { setImmediate } from 'node:timers/promises';
import afPacket, { type AfPacket } from '@fairlead/nic-driver-af-packet';
import { FrameBurst } from '@fairlead/sdk';
import { conformanceLaws, createInstance, type NicNetwork, testNicContext } from '@fairlead/sdk/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command } from './support/command.ts';
import { NetworkLab } from './support/namespaces.ts';
import { requireParts } from './support/parts.ts';

const MTU_BYTES = 9000;
const SLOT_BYTES = 16_384;
/** The kernel of a busy machine may hand over a frame some time after it was sent. */
const PATIENCE_MS = 10_000;
/** The end of a wire's frames: of the type that a kit's frames have, and shorter than any other. */
const END = Uint8Array.of(2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 9, 0x88, 0xb6);

interface Cable {
  readonly near: string;
  readonly far: string;
}

let lab: NetworkLab;
let cables = 0;
/** Cables that no network is on: making one takes longer than a scenario. */
const free: Cable[] = [];

async function takeCable(): Promise<Cable> {
  const kept = free.pop();
  if (kept !== undefined) return kept;
  const cable = { near: lab.name(`n${++cables}`), far: lab.name(`f${cables}`) };
  await lab.cable({ device: cable.near }, { device: cable.far });
  for (const device of [cable.near, cable.far]) await command(['ip', 'link', 'set', device, 'mtu', String(MTU_BYTES)]);
  return cable;
}

/** A packet socket of the test's own, at one end of a cable. */
class Station {
  readonly #driver: AfPacket;
  readonly #burst = new FrameBurst(new Uint8Array(new SharedArrayBuffer(64 * SLOT_BYTES)), 64, SLOT_BYTES - 2);

  private constructor(driver: AfPacket) {
    this.#driver = driver;
    for (let i = 0; i < 64; i++) this.#burst.offset[i] = i * SLOT_BYTES + 2;
  }

  static async at(device: string, receives: boolean): Promise<Station> {
    const driver = createInstance(
      afPacket,
      { interface: device, receiveBufferBytes: '32MiB' },
      { nic: testNicContext({ receives }) },
    ) as AfPacket;
    await driver.open();
    return new Station(driver);
  }

  send(frames: readonly Uint8Array[]): void {
    const { offset, bytes, failed, memory } = this.#burst;
    for (let at = 0; at < frames.length; at += 64) {
      const some = frames.slice(at, at + 64);
      for (const [i, frame] of some.entries()) {
        memory.set(frame, offset[i]);
        bytes[i] = frame.length;
        failed[i] = 0;
      }
      this.#burst.count = some.length;
      const taken = this.#driver.send(this.#burst);
      if (taken !== some.length || failed.subarray(0, taken).includes(1))
        throw new Error(`the cable took ${taken} of ${some.length} frames, or failed one`);
    }
  }

  receive(into: Uint8Array[]): void {
    for (let got = 64; got > 0; ) {
      got = this.#driver.receive(this.#burst);
      const { memory, offset, bytes } = this.#burst;
      for (let i = 0; i < got; i++) into.push(memory.slice(offset[i], offset[i] + bytes[i]));
    }
  }

  close(): Promise<void> {
    return this.#driver.close();
  }
}

/** A cable with the driver at its near end and a station at the far one. */
async function network(arriving: readonly Uint8Array[]): Promise<NicNetwork> {
  const cable = await takeCable();
  const far = await Station.at(cable.far, true);
  const sent: Uint8Array[] = [];
  return {
    options: { interface: cable.near },
    deliver: () => far.send(arriving),
    async settle() {
      await setImmediate();
      far.receive(sent);
    },
    async sent() {
      // Behind everything that the driver has sent: what has not come when this has was lost.
      const near = await Station.at(cable.near, false);
      near.send([END]);
      await near.close();
      const ended = (): boolean => sent.length > 0 && Buffer.compare(sent[sent.length - 1] as Uint8Array, END) === 0;
      for (const endMs = performance.now() + PATIENCE_MS; !ended() && performance.now() < endMs; ) {
        await setImmediate();
        far.receive(sent);
      }
      if (!ended()) throw new Error('the cable lost the frame that ends a wire');
      return sent.slice(0, -1);
    },
    async close() {
      await far.close();
      free.push(cable);
    },
  };
}

const laws = conformanceLaws(afPacket, {
  options: [{ interface: 'by-network' }, { interface: 'by-network', qdiscBypass: false, promiscuous: false, batch: 3 }],
  network,
  longestBytes: MTU_BYTES + 14,
  unopenable: [{ interface: 'fl-none' }],
});

const parts = requireParts('the laws of NIC drivers for af-packet', ['root', 'namespaces', 'ip', 'ethtool']);

describe.skipIf(parts.skip)('the af-packet NIC', () => {
  beforeAll(async () => {
    lab = await NetworkLab.open();
  });
  afterAll(() => lab?.close());

  it.each(laws)('$name', async ({ check }) => {
    await expect(Promise.resolve(check())).resolves.toBeUndefined();
  });
});
