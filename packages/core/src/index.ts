export { createHost, HostBuilder, hostFrom, use, type Used } from './builder.ts';
export { type Composed, composeHost, type ComposeOptions, type Composition, checkHost } from './compose.ts';
export {
  type Bandwidth,
  type HostConfig,
  hostConfigSchema,
  type NicConfig,
  type PluginUse,
  type PolicyUse,
  type VmConfig,
  type WrittenHostConfig,
} from './config.ts';
export { type Account, accounts, assertConserved } from './conservation.ts';
export { Host, type HostEvents } from './host.ts';
export type { NicManager, NicStatus } from './managers/nic-manager.ts';
export type { ResourceManager, UnmetReservation } from './managers/resource-manager.ts';
export type { VmInfo, VmManager, VmState } from './managers/vm-manager.ts';
export { Arena, type ArenaHandle, createArena } from './memory/arena.ts';
export type { MemoryShape } from './memory/layout.ts';
export { NicTotals } from './memory/nic-view.ts';
export { RingGroup } from './memory/ring-group.ts';
export { checkValue, closest, type Complaint, complaintFrom } from './plugins/schema-values.ts';
export { rehearse } from './rehearse.ts';
