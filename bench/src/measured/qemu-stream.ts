// Run in a process of its own: `node qemu-stream.js SOCKET SECONDS` prints {"millionsPerSecond":…}: 64-byte frames that come
// from one guest's socket in chunks, go through a whole host (device thread, one forwarding worker, shaping, pending load)
// and are taken by its NIC.
import { connect } from 'node:net';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import shapingFilter from '@fairlead/admission-shaping-filter';
import { createHost, use } from '@fairlead/core';
import qemuStream from '@fairlead/device-emulator-qemu-stream';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import memoryNic from '@fairlead/nic-driver-memory';
import { median } from '../rounds.ts';

const MAC = '52:54:00:00:00:01';
const FRAME_BYTES = 64;
const PREFIX_BYTES = 4;
/** What Node reads from a socket at once. QEMU writes each frame by itself; the kernel puts them together. */
const CHUNK_BYTES = 65_536;
const SLICE_MS = 20;

/** QEMU's framing (`net/stream.c`): a length in four bytes, big-endian, and the frame, again and again. */
function framedChunk(): Buffer {
  const header = Buffer.from('0247000000015254000000010800', 'hex');
  const stream = Buffer.alloc(Math.floor(CHUNK_BYTES / (PREFIX_BYTES + FRAME_BYTES)) * (PREFIX_BYTES + FRAME_BYTES));
  for (let at = 0; at < stream.length; at += PREFIX_BYTES + FRAME_BYTES) {
    stream.writeUInt32BE(FRAME_BYTES, at);
    header.copy(stream, at + PREFIX_BYTES);
  }
  return stream;
}

/** A guest that sends whenever its socket takes something. */
function send(path: string): void {
  const chunk = framedChunk();
  const socket = connect(path);
  const write = (): void => {
    while (socket.write(chunk));
  };
  socket.on('connect', write).on('drain', write);
}

async function measureStream(path: string, seconds: number): Promise<void> {
  const host = await createHost()
    .nic('uplink', use(memoryNic, { speedBps: '400Gbps' }))
    .vm('guest', MAC, use(qemuStream, { path }), { bandwidth: { limitBps: '100Gbps', burstBytes: '1MiB' } })
    .admit(use(shapingFilter))
    .distribute(use(pendingLoad))
    .start();
  const guest = new Worker(new URL(import.meta.url), { workerData: path });
  guest.once('error', (error) => {
    throw error;
  });
  const rates: number[] = [];
  const sentFrames = (): number => host.nics.status('uplink').txFrames;
  await new Promise<void>((resolve) => {
    const startMs = performance.now();
    let atMs = startMs;
    let sent = sentFrames();
    const timer = setInterval(() => {
      const nowMs = performance.now();
      const now = sentFrames();
      if (nowMs - startMs > seconds * 250) rates.push((now - sent) / (nowMs - atMs) / 1e3);
      sent = now;
      atMs = nowMs;
      if (nowMs - startMs < seconds * 1000) return;
      clearInterval(timer);
      resolve();
    }, SLICE_MS);
  });
  await guest.terminate();
  await host.close();
  host.assertConserved();
  console.log(JSON.stringify({ millionsPerSecond: median(rates) }));
}

if (isMainThread) {
  const [path = '', seconds = '2'] = process.argv.slice(2);
  await measureStream(path, Number(seconds));
} else {
  send(workerData as string);
}
