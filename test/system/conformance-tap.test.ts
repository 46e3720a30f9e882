import { setImmediate } from 'node:timers/promises';
import tap from '@fairlead/device-emulator-tap';
import afPacket, { type AfPacket } from '@fairlead/nic-driver-af-packet';
import { FrameBurst } from '@fairlead/sdk';
import { conformanceLaws, createInstance, type TestGuest } from '@fairlead/sdk/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attempt, command } from './support/command.ts';
import { NetworkLab } from './support/namespaces.ts';
import { requireParts } from './support/parts.ts';

const MTU_BYTES = 1500;
const SLOT_BYTES = 4096;

let lab: NetworkLab;
let guests = 0;

/** The kernel's side of the tap: what it sends over the interface comes from the VM. */
function guest(): TestGuest {
  const name = lab.name(`t${++guests}`);
  const received: Uint8Array[] = [];
  const burst = new FrameBurst(new Uint8Array(new SharedArrayBuffer(64 * SLOT_BYTES)), 64, SLOT_BYTES - 2);
  for (let i = 0; i < 64; i++) burst.offset[i] = i * SLOT_BYTES + 2;
  let kernel: AfPacket | undefined;

  /** How many of the frames the interface took; at most a burst. */
  const send = (frames: readonly Uint8Array[]): number => {
    const some = frames.slice(0, 64);
    for (const [i, frame] of some.entries()) {
      burst.memory.set(frame, burst.offset[i]);
      burst.bytes[i] = frame.length;
    }
    burst.count = some.length;
    burst.failed.fill(0);
    return kernel?.send(burst) ?? 0;
  };
  return {
    options: { name },
    // Whatever the device was told of MTU and state: an operator may change both at any time.
    connect: async () => {
      await command(['ip', 'link', 'set', name, 'mtu', String(MTU_BYTES), 'up']);
      kernel = createInstance(afPacket, { interface: name }) as AfPacket;
      await kernel.open();
    },
    send: (_device, frames) => send(frames),
    received: () => received,
    misbehave: (_device, garbage) => void send([garbage]),
    settle: async () => {
      await setImmediate();
      for (let got = 64; got > 0; ) {
        got = kernel?.receive(burst) ?? 0;
        for (let i = 0; i < got; i++)
          received.push(burst.memory.slice(burst.offset[i], burst.offset[i] + burst.bytes[i]));
      }
    },
    close: async () => {
      await kernel?.close();
      // One that was told to stay is still there; of the others this finds none.
      await attempt(['ip', 'link', 'del', name]);
    },
  };
}

const laws = conformanceLaws(tap, {
  options: [{ name: 'by-guest' }, { name: 'by-guest', mac: '52:54:00:00:00:09', mtuBytes: 1400 }],
  guest,
  longestBytes: MTU_BYTES + 14,
  unopenable: [{ name: 'lo' }],
});

const parts = requireParts('the laws of device emulators for tap', ['root', 'namespaces', 'ip']);

describe.skipIf(parts.skip)('the tap device', () => {
  beforeAll(async () => {
    lab = await NetworkLab.open();
  });
  afterAll(() => lab?.close());

  it.each(laws)('$name', async ({ check }) => {
    await expect(Promise.resolve(check())).resolves.toBeUndefined();
  });
});
