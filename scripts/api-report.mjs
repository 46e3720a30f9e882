// Holds the public surface of the packages that plugins and programs are written against to the reports in api/. A
// declaration that changes is a change for users: it must be meant, so it shows in the diff of a commit.
//
//   node scripts/api-report.mjs             fails when the built declarations are not those of the reports
//   node scripts/api-report.mjs --accept    writes the reports
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { root } from './workspace.mjs';

/** Entry points with a report: the declarations that they build to, and the report. */
const ENTRIES = [
  { folder: 'packages/sdk', declarations: 'dist/index.d.ts', report: 'sdk' },
  { folder: 'packages/sdk', declarations: 'dist/testing/index.d.ts', report: 'sdk-testing' },
  { folder: 'packages/core', declarations: 'dist/index.d.ts', report: 'core' },
  { folder: 'packages/core', declarations: 'dist/stages.d.ts', report: 'core-stages' },
];

const committed = path.join(root, 'api');
const fresh = path.join(root, 'out/api');
mkdirSync(committed, { recursive: true });
mkdirSync(fresh, { recursive: true });

/** Nothing beside the declarations: what is documented, and how, is another check's business. */
const silent = { default: { logLevel: ExtractorLogLevel.None, addToApiReportFile: false } };

/**
 * Writes the report of one entry point to `fresh` and returns it.
 * @param {typeof ENTRIES[number]} entry
 */
function reportOf({ folder, declarations, report }) {
  const projectFolder = path.join(root, folder);
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: path.join(projectFolder, 'package.json'),
    configObject: {
      projectFolder,
      mainEntryPointFilePath: path.join(projectFolder, declarations),
      compiler: { tsconfigFilePath: path.join(projectFolder, 'tsconfig.json') },
      newlineKind: 'lf',
      apiReport: {
        enabled: true,
        includeForgottenExports: true,
        reportFileName: `${report}.api.md`,
        reportFolder: fresh,
        reportTempFolder: path.join(fresh, 'raw'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: { compilerMessageReporting: silent, extractorMessageReporting: silent, tsdocMessageReporting: silent },
    },
  });
  Extractor.invoke(config, {
    localBuild: true,
    messageCallback: (message) => {
      // What it says of itself: its version, and that the report in `fresh` was out of date.
      message.handled = message.logLevel !== ExtractorLogLevel.Error;
    },
  });
  const text = readFileSync(path.join(fresh, `${report}.api.md`), 'utf8');
  // "(undocumented)" says which comments a declaration has, and the report is of declarations.
  return text.replace(/^ *\/\/ \(undocumented\)\n/gm, '');
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/**
 * The lines that only one of two texts has, in order.
 * @param {string} before
 * @param {string} after
 */
function difference(before, after) {
  const [old, now] = [before.split('\n'), after.split('\n')];
  const gone = old.filter((line) => line.trim() !== '' && !now.includes(line)).map((line) => `- ${line}`);
  const come = now.filter((line) => line.trim() !== '' && !old.includes(line)).map((line) => `+ ${line}`);
  return [...gone, ...come];
}

const accept = process.argv.includes('--accept');
/** @type {string[]} */
const changed = [];
for (const entry of ENTRIES) {
  const file = path.join(committed, `${entry.report}.api.md`);
  const [before, after] = [read(file), reportOf(entry)];
  if (before === after) continue;
  changed.push(entry.report);
  if (accept) writeFileSync(file, after);
  const lines = difference(before, after);
  console.log(`api/${entry.report}.api.md: ${accept ? 'written' : 'the declarations are others'}`);
  for (const line of lines.slice(0, 40)) console.log(`  ${line}`);
  if (lines.length > 40) console.log(`  … and ${lines.length - 40} more lines`);
  if (lines.length === 0) console.log('  the same lines in another order');
}

if (changed.length > 0) {
  if (!accept) {
    console.log('If this is meant: node scripts/api-report.mjs --accept, commit api/ with the change,');
    process.exitCode = 1;
  }
  console.log('and tell users with a changeset (npx changeset): what went away or became narrower breaks their code.');
}
