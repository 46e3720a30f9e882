import { writeFileSync } from 'node:fs';
import { FairleadError } from '@fairlead/sdk';
import {
  type ClusterScenario,
  reportHtml,
  type Scenario,
  type SimulationResult,
  simulateChecked,
  simulateCluster,
} from '@fairlead/simulator';
import { checkScenarioFile } from '../config/check-scenario-file.ts';
import { type Fault, faultLines } from '../config/fault.ts';
import type { Output } from '../output.ts';
import type { Progress } from '../view/progress.ts';
import { comparisonLines, simulationLines } from '../view/simulation-summary.ts';

export interface SimulateFlags {
  /** File for the results as JSON; `-` is standard output, in place of the summary. */
  readonly json?: string;
  /** File for the report: one HTML page. */
  readonly report?: string;
  /** File for what shadow policies would have done, as JSON. */
  readonly shadowReport?: string;
  /** File for the decision log. */
  readonly decisions?: string;
  readonly seed?: number;
  /** Simulates only the beginning, in microseconds. */
  readonly forUs?: number;
  readonly compare?: boolean;
  /** Threads for a scenario of several hosts. */
  readonly threads?: number;
  readonly progress?: Progress;
}

/** `fairlead simulate`: runs scenarios on the virtual clock. Returns the exit code. */
export async function simulateCommand(files: readonly string[], flags: SimulateFlags, output: Output): Promise<number> {
  const scenarios: (Scenario | ClusterScenario)[] = [];
  const faults: Fault[] = [];
  for (const file of files) {
    const checked = await checkScenarioFile(file);
    faults.push(...checked.faults);
    if (checked.scenario !== undefined) scenarios.push(shortened(checked.scenario, flags));
  }
  if (faults.length > 0) {
    if (flags.json === '-') output.print(JSON.stringify({ ok: false, errors: faults }));
    else for (const fault of faults) for (const line of faultLines(fault)) output.tell(line);
    return 1;
  }
  if (flags.decisions !== undefined && scenarios.some((scenario) => 'roster' in scenario))
    throw new FairleadError('FAIRLEAD_ERR_OUTPUT', 'of several hosts no decision log is written', {
      where: '--decisions',
      mend: 'leave it out; the digest of each host is in the JSON',
    });
  const results: SimulationResult[] = [];
  const log: string[] = [];
  const startMs = performance.now();
  for (const [i, scenario] of scenarios.entries()) {
    const keep = flags.decisions === undefined ? {} : { decisions: (text: string) => void log.push(text) };
    const told = progressOf(flags.progress, i, scenarios.length);
    if ('roster' in scenario) results.push(await simulateCluster(scenario, { ...told, threads: flags.threads ?? 1 }));
    else results.push(await simulateChecked(scenario, { ...keep, ...told }));
  }
  flags.progress?.clear();
  const seconds = (performance.now() - startMs) / 1000;
  if (flags.decisions !== undefined) write(flags.decisions, log.join(''));
  if (flags.json !== undefined && flags.json !== '-') write(flags.json, jsonOf(results));
  if (flags.report !== undefined) write(flags.report, reportHtml(results));
  if (flags.shadowReport !== undefined) write(flags.shadowReport, shadowsOf(results));
  if (flags.json === '-') output.print(jsonOf(results).trimEnd());
  else for (const line of lines(results)) output.print(line);
  const frames = results.reduce((sum, result) => sum + result.frames, 0);
  // How fast it went is no part of the outcome, which is the same each time.
  output.tell(`${frames} frames in ${seconds.toFixed(2)} s: ${Math.round(frames / seconds / 1000)},000 frames/s`);
  if (scenarios.some((scenario) => 'roster' in scenario)) output.tell(usedLine());
  return 0;
}

/** What the process has taken of the machine, so that a figure can be compared with one from a machine less busy. */
function usedLine(): string {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const seconds = (us: number): string => (us / 1e6).toFixed(1);
  return `processor: ${seconds(userCPUTime)} s user, ${seconds(systemCPUTime)} s system; memory: ${Math.round(maxRSS / 1024)} MiB at most`;
}

function shortened<S extends Scenario | ClusterScenario>(scenario: S, { seed, forUs }: SimulateFlags): S {
  const duration = forUs === undefined ? scenario.duration : Math.min(forUs, scenario.duration);
  const warmUp = scenario.warmUp < duration ? scenario.warmUp : 0;
  return { ...scenario, duration, warmUp, seed: seed ?? scenario.seed };
}

function progressOf(progress: Progress | undefined, i: number, count: number) {
  if (progress === undefined) return {};
  return {
    progress: (part: number, frames: number, nowUs: number) => progress.show((i + part) / count, { frames }, nowUs),
  };
}

function jsonOf(results: readonly SimulationResult[]): string {
  const [first] = results;
  return `${JSON.stringify(results.length === 1 ? first : { version: first?.version, results }, undefined, 1)}\n`;
}

/** As `fairlead run` writes it, and `fairlead shadow report FILE` reads it. */
function shadowsOf(results: readonly SimulationResult[]): string {
  const sections = results.flatMap(({ shadow }) => shadow?.sections ?? []);
  return `${JSON.stringify({ version: 1, sections }, undefined, 1)}\n`;
}

function lines(results: readonly SimulationResult[]): string[] {
  const [first] = results;
  return results.length === 1 && first !== undefined ? simulationLines(first) : comparisonLines(results);
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new FairleadError('FAIRLEAD_ERR_OUTPUT', `"${file}" cannot be written: ${(cause as Error).message}`, {
      where: file,
      mend: 'name a file in a folder that may be written to',
      cause,
    });
  }
}
