/**
 * Watching what the policies of a host decide, for simulation and replay alike: `@fairlead/simulator/decisions`.
 */
export { DecisionDigest } from './decisions/decision-digest.ts';
export {
  type DecisionKind,
  type DecisionListener,
  DecisionLog,
  type DecisionSink,
} from './decisions/decision-log.ts';
export { firstAvailable, watchedAdmission, watchedDistribution } from './decisions/watched-policies.ts';
