import type { PluginPlan } from '../plan.ts';
import type { RecordShape } from '../shadow/shadow-record.ts';
import type { PolicySection } from '../shadow/shadow-report.ts';

/** What the host asks of all its forwarding loops. First each prepares it; when all could, each carries it out. */
export type Order<P = PluginPlan> =
  /** Another policy takes the place; on probation, the one before is kept. */
  | { readonly type: 'swap'; readonly section: PolicySection; readonly plan: P; readonly probation: boolean }
  /** The successor has failed on probation: the one before returns. */
  | { readonly type: 'return'; readonly section: PolicySection }
  /** The probation is over: the one before goes. */
  | { readonly type: 'settle'; readonly section: PolicySection }
  /** A shadow is set beside the policy, in place of one that may be there. */
  | { readonly type: 'shadow'; readonly section: PolicySection; readonly shadow: ShadowPlan<P> }
  | { readonly type: 'unshadow'; readonly section: PolicySection };

/** A shadow, and where it writes down what it would have done. */
export interface ShadowPlan<P = PluginPlan> {
  readonly plan: P;
  readonly memory: SharedArrayBuffer;
  readonly shape: RecordShape;
}

/** Kind of plugin that sits in a section. */
export const KIND_OF = { admission: 'admission', distribution: 'load-distribution' } as const satisfies Record<
  PolicySection,
  string
>;

/** What came of an order. */
export interface Outcome {
  /** Loops in which the state of the predecessor was taken over. */
  readonly handedOver: number;
  /** Loops that carried it out. */
  readonly loops: number;
  /** True when the successor has failed again already, in one of them. */
  readonly failed: boolean;
}
