// Two hosts in one process, a cable between them: a VM on one pings a VM on the other.
//
//   host east                                    host west
//   vm alice ── nic ═══ segment "lab", 500 us ═══ nic ── vm bob
import { createHost, type Host, use } from '@fairlead/core';
import memoryDevice, { type MemoryGuest } from '@fairlead/device-emulator-memory';
import memoryNic from '@fairlead/nic-driver-memory';
import { parseMac } from '@fairlead/sdk';

const alice = '52:54:00:00:00:0a';
const bob = '52:54:00:00:00:0b';

function hostOf(vm: string, mac: string): Promise<Host> {
  return createHost()
    .nic('uplink', use(memoryNic, { segment: 'lab', latencyUs: '500us', speedBps: '1Gbps' }))
    .vm(vm, mac, use(memoryDevice))
    .inline()
    .start();
}

const east = await hostOf('alice', alice);
const west = await hostOf('bob', bob);

/** An Ethernet frame of a type that is free for experiments (IEEE Std 802, Local Experimental EtherType). */
function frame(to: string, from: string, count: number): Uint8Array {
  const bytes = new Uint8Array(60);
  bytes.set(parseMac(to), 0);
  bytes.set(parseMac(from), 6);
  bytes.set([0x88, 0xb5, count], 12);
  return bytes;
}

const pinger = east.device<MemoryGuest>('alice');
const answerer = west.device<MemoryGuest>('bob');
const sentUs: number[] = [];
let replies = 0;

// Each host has a clock of its own; stepped in turn they stay together.
for (let step = 0; step < 2000; step++) {
  if (step % 400 === 0) {
    sentUs.push(east.nowUs);
    pinger.send(frame(bob, alice, sentUs.length - 1));
  }
  east.run(5, 5);
  west.run(5, 5);
  for (let ping = answerer.receive(); ping !== undefined; ping = answerer.receive())
    answerer.send(frame(alice, bob, ping[14]));
  for (let pong = pinger.receive(); pong !== undefined; pong = pinger.receive()) {
    console.log(`reply ${pong[14]} from bob after ${east.nowUs - sentUs[pong[14]]} us`);
    replies++;
  }
}

for (const host of [east, west]) host.assertConserved();
if (replies !== sentUs.length) process.exitCode = 1;
await Promise.all([east.close(), west.close()]);
