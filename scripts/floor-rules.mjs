// Who may know whom. Each package of the workspace stands on a floor (docs/architecture.md) and may import from the
// floors below by package name, never by a path into another package. The data path takes time and chance from what it
// is given, so that a run can be repeated; the ambient clock and generator are off limits there.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { workspacePackages } from './workspace.mjs';

/** The two files that hand the machine's clock and generator to the rest. */
const mayReadClock = new Set(['packages/core/src/clock.ts', 'packages/core/src/random.ts']);
const ambient = new Set(['Date.now', 'performance.now', 'performance.timeOrigin', 'Math.random', 'process.hrtime']);
const shapeless = /^(utils?|helpers?|common|misc)$/i;
const sourceFile = /\.[cm]?[jt]sx?$/;
const notOurs = new Set(['node_modules', 'dist', 'out', 'coverage']);

/** @typedef {import('./workspace.mjs').WorkspacePackage} WorkspacePackage */
/** @typedef {{ place: string, wrong: string, mend: string }} Finding `place` is file:line, or a file or folder */

/**
 * Names of workspace packages that the sources of `dir` may import; undefined where there is no floor.
 * @param {string} dir
 * @returns {((name: string) => boolean) | undefined}
 */
function floorOf(dir) {
  if (dir === 'packages/sdk') return () => false;
  if (dir === 'packages/core' || dir.startsWith('plugins/')) return (name) => name === '@fairlead/sdk';
  if (dir === 'packages/simulator') return (name) => name === '@fairlead/core' || name === '@fairlead/sdk';
  if (dir.startsWith('packages/')) return (name) => name !== 'fairlead';
  return undefined;
}

/** @param {string} specifier */
function packageName(specifier) {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
}

/**
 * @param {string} tree
 * @param {string} dir
 * @returns {string[]} paths relative to the tree, folders too
 */
function entriesBelow(tree, dir) {
  return readdirSync(path.join(tree, dir), { withFileTypes: true }).flatMap((entry) => {
    const place = `${dir}/${entry.name}`;
    if (!entry.isDirectory()) return entry.isFile() ? [place] : [];
    return notOurs.has(entry.name) ? [] : [place, ...entriesBelow(tree, place)];
  });
}

/**
 * @param {ts.SourceFile} file
 * @param {number} at
 */
function placeIn(file, at) {
  return `${file.fileName}:${file.getLineAndCharacterOfPosition(at).line + 1}`;
}

/**
 * @param {ts.SourceFile} file
 * @param {WorkspacePackage} owner
 * @param {WorkspacePackage[]} packages
 * @returns {Finding[]}
 */
function wrongImports(file, owner, packages) {
  /** @type {Finding[]} */
  const findings = [];
  const names = new Set(packages.map((one) => one.name));
  const inSources = file.fileName.startsWith(`${owner.dir}/src/`);
  const mayImport = inSources ? floorOf(owner.dir) : undefined;
  const { dependencies, peerDependencies, optionalDependencies } = owner.manifest;
  const declared = new Set(Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies }));

  for (const { fileName: specifier, pos } of ts.preProcessFile(file.text, true, true).importedFiles) {
    /** @type {(wrong: string, mend: string) => void} */
    const find = (wrong, mend) => {
      findings.push({ place: placeIn(file, pos), wrong: `'${specifier}' ${wrong}`, mend });
    };
    if (specifier.startsWith('node:')) continue;
    if (specifier.startsWith('.') || path.isAbsolute(specifier)) {
      const target = path.posix.normalize(path.posix.join(path.posix.dirname(file.fileName), specifier));
      const neighbour = packages.find((one) => one !== owner && target.startsWith(`${one.dir}/`));
      if (neighbour !== undefined) {
        find(`reaches into ${neighbour.dir}`, `import '${neighbour.name}' or a subpath that it exports`);
      } else if (inSources && !target.startsWith(`${owner.dir}/src/`)) {
        find('leaves the sources', `move it under ${owner.dir}/src: only that is built and published`);
      }
      continue;
    }
    const name = packageName(specifier);
    if (names.has(name) && /\/(dist|src)(\/|$)/.test(specifier.slice(name.length))) {
      find('reaches into another package', `import '${name}' or a subpath that it exports`);
    } else if (mayImport !== undefined && names.has(name) && name !== owner.name && !mayImport(name)) {
      find(`is not for ${owner.dir}`, 'depend on a lower floor, or move the code to the floor that may know both');
    } else if (inSources && !declared.has(name)) {
      find('is not a dependency', `add it to dependencies or peerDependencies of ${owner.dir}/package.json`);
    }
  }
  return findings;
}

/**
 * @param {ts.SourceFile} file
 * @returns {Finding[]}
 */
function ambientReadings(file) {
  /** @type {Finding[]} */
  const findings = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    const text = ts.isPropertyAccessExpression(node) ? node.getText(file).replace(/^globalThis\./, '') : '';
    const emptyDate = ts.isNewExpression(node) && node.expression.getText(file) === 'Date' && !node.arguments?.length;
    if (ambient.has(text) || emptyDate) {
      findings.push({
        place: placeIn(file, node.getStart(file)),
        wrong: `${text || 'new Date()'} is not repeatable`,
        mend: 'take the injected clock or generator',
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return findings;
}

/**
 * Everything in the tree that breaks the rules of the floors.
 * @param {string} tree the workspace's root
 * @returns {Finding[]}
 */
export function findingsIn(tree) {
  /** @type {Finding[]} */
  const findings = [];
  const packages = workspacePackages(tree);
  for (const owner of packages) {
    for (const place of entriesBelow(tree, owner.dir)) {
      const base = path.posix.basename(place);
      if (shapeless.test(base.split('.')[0])) {
        findings.push({ place, wrong: `'${base}' says nothing`, mend: 'name it after what it is' });
      }
      if (!sourceFile.test(base)) continue;
      const text = readFileSync(path.join(tree, place), 'utf8');
      const file = ts.createSourceFile(place, text, ts.ScriptTarget.Latest, true);
      findings.push(...wrongImports(file, owner, packages));
      const repeatable = /^(packages\/(sdk|core|simulator)|plugins\/[^/]+)\/src\//.test(place);
      if (repeatable && !mayReadClock.has(place)) findings.push(...ambientReadings(file));
    }
  }
  return findings;
}
