import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { type BenchArguments, parseArguments, USAGE } from './arguments.ts';
import type { Group } from './group.ts';
import { groups } from './groups.ts';
import { json, table } from './report.ts';
import { interleave, type Row, summarise } from './rounds.ts';
import { Workshop } from './workshop.ts';

/** Above this the figures are those of the machine's other work as well. */
const BUSY_LOAD = 0.5;

/** One line that the next one overwrites, on a terminal only. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

async function measureGroup(group: Group, rounds: number, workshop: Workshop): Promise<Row[]> {
  if (!workshop.has(group.name, group.needs)) return [];
  const session = await group.open(workshop);
  try {
    const figures = await interleave(session.contenders, rounds, (round, contender) => {
      workshop.signal.throwIfAborted();
      progress(`${group.name}: round ${round + 1} of ${rounds}, ${contender}`);
    });
    return session.rows.map((plan) => summarise(plan, figures)).filter((row) => row !== undefined);
  } finally {
    await session.close?.();
    progress('');
  }
}

async function measureAll(wanted: BenchArguments, signal: AbortSignal): Promise<boolean> {
  const workshop = await Workshop.open(signal);
  const [busy] = loadavg();
  const rows: Row[] = [];
  const failures: string[] = [];
  try {
    for (const group of groups) {
      if (wanted.only !== undefined && !wanted.only.includes(group.name)) continue;
      try {
        rows.push(...(await measureGroup(group, wanted.rounds, workshop)));
      } catch (cause) {
        signal.throwIfAborted();
        failures.push(`${group.name} could not be measured: ${cause instanceof Error ? cause.message : String(cause)}`);
      }
    }
  } finally {
    await workshop.close();
  }
  if (rows.length > 0) console.log(table(rows));
  if (busy > BUSY_LOAD)
    console.log(`the machine was busy before (load average ${busy.toFixed(1)}): compare ratios, not figures`);
  for (const line of workshop.leftOut) console.log(line);
  for (const line of failures) console.error(line);
  if (wanted.json !== undefined) await writeFile(wanted.json, json(rows, wanted.rounds));
  return failures.length === 0;
}

function parse(): BenchArguments {
  try {
    return parseArguments(
      process.argv.slice(2),
      groups.map((group) => group.name),
    );
  } catch (cause) {
    console.error(`bench: ${cause instanceof Error ? cause.message : String(cause)}\n${USAGE}`);
    process.exit(2);
  }
}

const wanted = parse();
if (wanted.help) {
  console.log(`${USAGE}\n\ngroups:\n${groups.map((group) => `  ${group.name.padEnd(12)} ${group.about}`).join('\n')}`);
} else {
  const abort = new AbortController();
  // Sessions are closed before the process ends: namespaces, daemons and files of a bench that is broken off go too.
  process.once('SIGINT', () => abort.abort());
  process.once('SIGTERM', () => abort.abort());
  try {
    if (!(await measureAll(wanted, abort.signal))) process.exitCode = 1;
  } catch (cause) {
    if (!abort.signal.aborted) throw cause;
    console.error('bench: broken off');
    process.exitCode = 130;
  }
}
