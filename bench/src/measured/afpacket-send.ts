// Run in a process of its own: `node afpacket-send.js INTERFACE FRAMES BATCH` prints {"framesPerSecond":…}. The peer is
// ../peer/afpacket_send.c.
import { Arena, createArena } from '@fairlead/core/stages';
import { FrameBurst } from '@fairlead/sdk';
import { openAfPacket, surroundingsOf } from '../af-packet.ts';
import { median } from '../rounds.ts';

const FRAME_BYTES = 64;
const SLOTS = 1024;
const SLICE = 1024;
/** As the peer's: 0x88b5 is a local experimental type (IEEE 802), for which the sink's kernel knows no protocol. */
const HEADER = Uint8Array.of(0x02, 0x47, 0, 0, 0, 1, 0x52, 0x54, 0, 0, 0, 1, 0x88, 0xb5);

const [name = '', ...numbers] = process.argv.slice(2);
const [frames = 1_000_000, batch = 64] = numbers.map(Number);
const rings = { txRingFrames: 64, rxRingFrames: 64, nicRingFrames: 64 };
const shape = { vms: 1, nics: 1, workers: 1, poolFrames: SLOTS, slotBytes: 2048, ...rings };
const arena = new Arena(createArena(shape, { nics: [name], vms: ['vm0'] }), 0);
const driver = await openAfPacket(arena, surroundingsOf(arena), { index: 0, interface: name, receives: false });

const { pool } = arena;
for (let slot = 0; slot < SLOTS; slot++) pool.memory.set(HEADER, pool.offset(slot));
const burst = new FrameBurst(pool.memory, batch, pool.maxFrameBytes);
let next = 0;
let failures = 0;

/** One batch: a slot and a length per frame. Returns the frames that the kernel took. */
function sendBatch(): number {
  for (let i = 0; i < batch; i++) {
    burst.offset[i] = pool.offset((next + i) % SLOTS);
    burst.bytes[i] = FRAME_BYTES;
  }
  burst.count = batch;
  const taken = driver.send(burst);
  failures += burst.failures;
  next = (next + taken) % SLOTS;
  return taken;
}

/** Sends one slice, or a few frames more. Returns the milliseconds per frame. */
function sendSlice(): number {
  const startMs = performance.now();
  let sent = 0;
  while (sent < SLICE) sent += sendBatch();
  return (performance.now() - startMs) / sent;
}

const slices = Math.floor(frames / SLICE);
for (let i = 0; i < slices / 4; i++) sendSlice();
const perFrameMs = median(Array.from({ length: slices }, sendSlice));
await driver.close?.();
if (failures > 0) throw new Error(`the kernel refused ${failures} frames`);
console.log(JSON.stringify({ framesPerSecond: 1000 / perFrameMs }));
