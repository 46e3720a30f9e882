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
