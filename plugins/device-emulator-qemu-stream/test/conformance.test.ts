import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { conformanceLaws, type TestGuest } from '@fairlead/sdk/testing';
import { afterAll, describe, expect, it } from 'vitest';
import qemuStream from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'fairlead-stream-laws-'));
afterAll(() => rmSync(folder, { recursive: true }));

let guests = 0;

/** QEMU's end of the socket (`-netdev stream,server=off`). */
function guest(): TestGuest {
  const path = join(folder, `${++guests}.sock`);
  const received: Uint8Array[] = [];
  let socket: Socket | undefined;
  let bytes = Buffer.alloc(0);
  const takeApart = (): void => {
    while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE(0)) {
      const end = 4 + bytes.readUInt32BE(0);
      received.push(Uint8Array.from(bytes.subarray(4, end)));
      bytes = bytes.subarray(end);
    }
  };
  return {
    options: { path },
    connect: async () => {
      socket = connect(path);
      // The device may cut off a guest that sends what is no frame.
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk]);
        takeApart();
      });
      await once(socket, 'connect');
    },
    send: (_device, frames) => {
      for (const frame of frames) {
        const prefix = Buffer.alloc(4);
        prefix.writeUInt32BE(frame.length);
        socket?.write(Buffer.concat([prefix, frame]));
      }
      return undefined;
    },
    received: () => received,
    misbehave: (_device, garbage) => void socket?.write(garbage),
    settle: async () => {
      for (let turn = 0; turn < 3; turn++) await setImmediate();
    },
    close: () => socket?.destroy() && undefined,
  };
}

const laws = conformanceLaws(qemuStream, {
  options: [{ path: 'set by the guest' }, { path: 'set by the guest', backlogBytes: '64KiB' }],
  guest,
  unopenable: [
    { path: join(folder, 'no-such-folder', 'vm.sock') },
    { path: join(folder, 'x'.repeat(120)) },
    { path: folder },
  ],
});

describe('the qemu-stream device', () => {
  it.each(laws)('$name', async ({ check }) => {
    await expect(Promise.resolve(check())).resolves.toBeUndefined();
  });
});
