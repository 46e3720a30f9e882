// Which host has each VM, as the registry in NATS says; run where it can be reached:
//   node owner-program.mjs 10.78.0.1:4222 a b      prints {"a":"host0","b":"host1"}
import process from 'node:process';
import nats from '@fairlead/host-registry-nats';
import { createInstance } from '@fairlead/sdk/testing';

/** @typedef {import('@fairlead/host-registry-nats').NatsRegistry} NatsRegistry */

const [server, ...vms] = process.argv.slice(2);
const registry = /** @type {NatsRegistry} */ (createInstance(nats, { servers: [server] }));
const owners = await Promise.all(vms.map(async (vm) => [vm, await registry.owner(vm)]));
console.log(JSON.stringify(Object.fromEntries(owners)));
await registry.close();
