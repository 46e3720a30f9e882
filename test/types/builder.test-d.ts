/*
 * What the types of the builder hold a host's author to. Nothing here runs: `tsc -p tsconfig.test.json` compiles it, and
 * a line below `@ts-expect-error` that compiles is an error. test/types.test.ts holds what the compiler says.
 */

import shapingFilter from '@fairlead/admission-shaping-filter';
import { createHost, type Used, use } from '@fairlead/core';
import memoryDevice from '@fairlead/device-emulator-memory';
import tap from '@fairlead/device-emulator-tap';
import pendingLoad from '@fairlead/load-distribution-pending-load';
import afPacket from '@fairlead/nic-driver-af-packet';
import memoryNic from '@fairlead/nic-driver-memory';
import { definePlugin, Rate, type TransmitBatch, Type } from '@fairlead/sdk';

// Every option of these has a default.
use(memoryNic);
use(memoryNic, {});
use(memoryNic, { speedBps: '10Gbps' });
use(memoryNic, { speedBps: 10e9 });

// This one has an option without.
use(afPacket, { interface: 'eth1' });
use(afPacket, { interface: 'eth1', receiveBufferBytes: '8MiB' });
// @ts-expect-error the interface is missing, options and all
use(afPacket);
// @ts-expect-error the interface is missing among the options
use(afPacket, { batch: 64 });
// @ts-expect-error an interface is text
use(afPacket, { interface: 1 });
// @ts-expect-error there is no such option
use(afPacket, { interface: 'eth1', bacth: 64 });
// @ts-expect-error a rate is not written in bytes
use(memoryNic, { speedBps: '10MiB' });
// @ts-expect-error one of the choices
use(shapingFilter, { mode: 'later' });

// Options within options: there a default may be left out, too.
use(memoryDevice, { traffic: { rateBps: '5Mbps' } });
// @ts-expect-error there is no such option of the traffic
use(memoryDevice, { traffic: { rate: '5Mbps' } });

// A schema of one's own: lists, records and optional parts.
class Nothing {
  admit(batch: TransmitBatch): undefined {
    void batch;
  }
}
const tariffs = definePlugin({
  kind: 'admission',
  name: 'tariffs',
  apiVersion: 1,
  options: Type.Object({
    tariffs: Type.Array(Type.Object({ vm: Type.String(), limitBps: Rate(), burst: Type.Boolean({ default: true }) })),
    colours: Type.Optional(Type.Record(Type.String(), Rate({ default: 0 }))),
  }),
  implementation: Nothing,
});
use(tariffs, { tariffs: [{ vm: 'web', limitBps: '5Mbps' }], colours: { red: '1Mbps' } });
// @ts-expect-error a tariff without its limit
use(tariffs, { tariffs: [{ vm: 'web' }] });
// @ts-expect-error a colour is a rate
use(tariffs, { tariffs: [], colours: { red: true } });

// Each place of a host takes one kind.
const policy: Used<'load-distribution'> = use(pendingLoad);
createHost()
  .distribute(policy)
  .vm('web', '52:54:00:00:00:01', use(tap, { name: 'web0' }));
// @ts-expect-error a load distribution does not admit
createHost().admit(policy);
// @ts-expect-error a device is not a NIC's driver
createHost().nic('uplink0', use(memoryDevice));
// @ts-expect-error limits are rates
createHost().vm('web', '52:54:00:00:00:01', use(memoryDevice), { bandwidth: { limitBps: '5 apples' } });
