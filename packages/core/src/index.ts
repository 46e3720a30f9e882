export {
  createHost,
  HostBuilder,
} from './builder.ts';
export type {
  MoreOfChain,
  MoreOfDetector,
  MoreOfNic,
  MoreOfPolicy,
  MoreOfRegistry,
  MoreOfVm,
  Section,
  TeamMembers,
} from './builder-parts.ts';
export type { CostProbe } from './clock.ts';
export type { Cluster, ClusterNotice } from './cluster/cluster.ts';
export type { MigrationBy, MigrationRecord, MigrationState, RejectedHost } from './cluster/migration-record.ts';
export type { MigrateOptions } from './cluster/migrations.ts';
export { type Composed, checkHost, composeHost } from './compose.ts';
export {
  type Bandwidth,
  type Budget,
  bandwidthSchema,
  type FailureMode,
  type HostConfig,
  hostConfigSchema,
  type NicConfig,
  type PluginUse,
  type PolicyUse,
  type VmConfig,
  type WrittenHostConfig,
} from './config.ts';
export { type Account, accounts, assertConserved } from './conservation.ts';
export { Host } from './host.ts';
export type { HostEvents, HostFault } from './host-events.ts';
export { hostFrom } from './host-from.ts';
export type { HostParts } from './host-parts.ts';
export type { NicManager, NicStatus } from './managers/nic-manager.ts';
export type { ResourceManager, UnmetReservation } from './managers/resource-manager.ts';
export type { VmInfo, VmManager, VmState } from './managers/vm-manager.ts';
export { Arena, type ArenaHandle, createArena } from './memory/arena.ts';
export type { HookCost, SampledHook } from './memory/cost-table.ts';
export type { MemoryShape } from './memory/layout.ts';
export { NicTotals } from './memory/nic-view.ts';
export { RingGroup } from './memory/ring-group.ts';
export type { FaultCost, FaultInput } from './path/plugin-failure.ts';
export type { Composition, DetectorPlan, DevicePlan, PluginPlan, PolicyPlan } from './plan.ts';
export { budgetSchema, pluginUseSchema, policySchema } from './plugin-schemas.ts';
export { type LoadedPlugin, loadPlugin, locatePlugins } from './plugins/load.ts';
export { manifestOf, type PluginManifest } from './plugins/manifest.ts';
export type { ComposeOptions } from './plugins/plan-loader.ts';
export { type Checked, type Complaint, checkValue, closest, complaintFrom } from './plugins/schema-values.ts';
export { SeededRandom } from './random.ts';
export { rehearse } from './rehearse.ts';
export type {
  PolicySection,
  ShadowCell,
  ShadowDifference,
  ShadowReport,
  ShadowSectionReport,
} from './shadow/shadow-report.ts';
export type { ActionRecord, ActionState } from './signals/action-record.ts';
export type { SignalNotice } from './signals/signal-board.ts';
export type { SignalManager } from './signals/signal-manager.ts';
export type { GivenPolicy, ShadowNotice, SwapNotice, SwapOptions } from './succession/exchange.ts';
export type { MoveBook } from './teams/move-book.ts';
export { DISTRIBUTION_PRESETS, type DistributionPreset, type Preset, presetOf } from './teams/presets.ts';
export type { TeamEdit } from './teams/team-edit.ts';
export type { TeamManager } from './teams/team-manager.ts';
export type { Reselect, TeamPlan, TeamRules } from './teams/team-rules.ts';
export type { TeamMove, TeamStatus } from './teams/team-status.ts';
export type { FrameTrace, TracedNic, TraceOptions } from './trace/frame-trace.ts';
export type { FrameKind, TraceOutcome } from './trace/traced-frame.ts';
export { type OptionsArgument, type Used, use, type WrittenOptions } from './used.ts';
