// A flood of small frames, bounded in rate and time, as `flood.ts` starts it:
//   node flood-program.mjs '{"device":"eth0","kind":"syn","mac":"…","address":"…","port":80,"framesPerSecond":5000,"seconds":3}'
// Says `flooding` when the first burst is sent, and at the end how many frames were.
import process from 'node:process';
import afPacket from '@fairlead/nic-driver-af-packet';
import { FrameBurst } from '@fairlead/sdk';
import { createInstance, testNicContext } from '@fairlead/sdk/testing';

/** @typedef {import('./flood.ts').Flood} Flood */
/** @typedef {import('@fairlead/nic-driver-af-packet').AfPacket} AfPacket */

const SLOT_BYTES = 128;
const BURST = 64;
const MOST_FRAMES_PER_SECOND = 50_000;
const MOST_SECONDS = 15;
const PERIOD_MS = 5;
const IP = 14;
const TRANSPORT = IP + 20;
const TCP = 6;
const UDP = 17;

/** @type {Flood & { device: string; source: string }} */
const flood = JSON.parse(process.argv[2] ?? '{}');
const perSecond = Math.min(flood.framesPerSecond, MOST_FRAMES_PER_SECOND);
const seconds = Math.min(flood.seconds, MOST_SECONDS);
const protocol = flood.kind === 'syn' ? TCP : UDP;
const transportBytes = flood.kind === 'syn' ? 20 : 8 + 18;

/** @param {string} mac */
const macBytes = (mac) => mac.split(':').map((part) => Number.parseInt(part, 16));
/** @param {string} address */
const addressBytes = (address) => address.split('.').map(Number);

const template = Buffer.alloc(TRANSPORT + transportBytes);
template.set([...macBytes(flood.mac), ...macBytes(flood.source), 0x08, 0x00, 0x45, 0]);
template.writeUInt16BE(20 + transportBytes, IP + 2);
template[IP + 8] = 64;
template[IP + 9] = protocol;
template.set(addressBytes(flood.address), IP + 16);
template.writeUInt16BE(flood.port, TRANSPORT + 2);
if (flood.kind === 'syn') template.set([5 << 4, 0x02, 0xff, 0xff], TRANSPORT + 12);
else template.writeUInt16BE(transportBytes, TRANSPORT + 4);

/**
 * The internet checksum (RFC 1071) of some bytes, on top of a sum.
 * @param {Buffer} bytes
 * @param {number} sum
 */
function checksum(bytes, sum) {
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** Frame `number` of the flood: each from a source of its own, which does not exist. */
function frame(/** @type {number} */ number) {
  const one = Buffer.from(template);
  one.set([100, 64 + ((number >>> 16) & 63), (number >>> 8) & 0xff, number & 0xff], IP + 12);
  one.writeUInt16BE(checksum(one.subarray(IP, TRANSPORT), 0), IP + 10);
  one.writeUInt16BE(1024 + (number % 60_000), TRANSPORT);
  if (protocol === TCP) {
    one.writeUInt32BE(Math.imul(number, 0x9e3779b1) >>> 0, TRANSPORT + 4);
    const addresses = checksum(one.subarray(IP + 12, IP + 20), protocol + transportBytes) ^ 0xffff;
    one.writeUInt16BE(checksum(one.subarray(TRANSPORT), addresses), TRANSPORT + 16);
  }
  return one;
}

const options = { interface: flood.device, promiscuous: false };
const driver = /** @type {AfPacket} */ (
  createInstance(afPacket, options, { nic: testNicContext({ receives: false }) })
);
await driver.open();
const memory = new Uint8Array(new SharedArrayBuffer(BURST * SLOT_BYTES));
const burst = new FrameBurst(memory, BURST, SLOT_BYTES - 2);
for (let i = 0; i < BURST; i++) burst.offset[i] = i * SLOT_BYTES + 2;

let sent = 0;
const startMs = performance.now();
const timer = setInterval(() => {
  const elapsed = (performance.now() - startMs) / 1000;
  const due = Math.floor(Math.min(elapsed, seconds) * perSecond);
  for (let full = false; sent < due && !full; ) {
    burst.count = Math.min(BURST, due - sent);
    for (let i = 0; i < burst.count; i++) {
      const one = frame(sent + i);
      memory.set(one, burst.offset[i]);
      burst.bytes[i] = one.length;
      burst.failed[i] = 0;
    }
    const taken = driver.send(burst);
    if (sent === 0 && taken > 0) console.log('flooding');
    sent += taken;
    full = taken < burst.count;
  }
  if (elapsed < seconds) return;
  clearInterval(timer);
  console.log(JSON.stringify({ sent }));
  void driver.close();
}, PERIOD_MS);
