export { type CheckedCluster, type ClusterScenario, checkCluster } from './cluster/check.ts';
export { clusterSchema, type WrittenCluster, type WrittenTemplate } from './cluster/schema.ts';
export { type ClusterOptions, simulateCluster } from './cluster/simulate-cluster.ts';
export { type ComparedFigure, changeBetween, compareResults, labelOf } from './compare.ts';
export { figureText } from './figures.ts';
export { reportHtml } from './report/report-html.ts';
export type * from './result.ts';
export { RESULT_VERSION } from './result.ts';
export { type SimulateOptions, simulateChecked } from './run/simulate.ts';
export {
  type CheckedScenario,
  checkScenario,
  type NamedSender,
  type Scenario,
  type Successor,
} from './scenario/check.ts';
export {
  EVENT_KINDS,
  type EventEntry,
  type NetworkEntry,
  type ScenarioParts,
  SENDER_KINDS,
  type SenderEntry,
  scenarioSchema,
  type WholeScenario,
  type WrittenScenario,
} from './scenario/schema.ts';
export { simulate } from './simulate.ts';
