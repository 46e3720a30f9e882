/**
 * The parts of a forwarding loop, to drive one alone: from a test, a bench or a prompt. `@fairlead/core/stages`.
 */
export { Arena, type ArenaHandle, createArena, type RowNames } from './memory/arena.ts';
export type { Doorbell } from './memory/doorbell.ts';
export { FramePool, HEADROOM_BYTES } from './memory/frame-pool.ts';
export type { MemoryLayout, MemoryShape } from './memory/layout.ts';
export { MacTable } from './memory/mac-table.ts';
export type { NicView } from './memory/nic-view.ts';
export { RingGroup } from './memory/ring-group.ts';
export type { Enter, Phase, Threads } from './memory/threads.ts';
export { Classifier, type Head } from './path/classify.ts';
export { Delivery } from './path/delivery.ts';
export { Forwarder } from './path/forwarder.ts';
export type { ForwarderOptions } from './path/forwarder-options.ts';
export type { Sampling } from './path/meter.ts';
export type { Drain, NicQueues } from './path/nic-queues.ts';
export { type DetectorSeat, Observer, type ObserverPlan, type ObserverReport } from './path/observer.ts';
export type { FaultCost, FaultInput, PluginFault } from './path/plugin-failure.ts';
export { type Place, type Policed, Policies, type Seat, type Watching } from './path/policies.ts';
export type { Arrival, Relocation } from './path/relocation.ts';
export type { TransmitPath } from './path/transmit.ts';
export type { Serve, Turn } from './path/turn.ts';
export { ArenaPort } from './path/vnic-port.ts';
export { instantiate, type Provided, type Surroundings } from './plugins/instantiate.ts';
export type { FrameTracer } from './trace/frame-tracer.ts';
export type {
  AdmissionSeen,
  DistributionSeen,
  FrameKind,
  NicSeen,
  TracedFrame,
  TraceOutcome,
} from './trace/traced-frame.ts';
