// Every public symbol is documented: `node scripts/documented.mjs` lists what is missing, a line each. The rule stands in
// CONTRIBUTING.md, "Documentation of the public surface"; test/code-in-comments.test.ts compiles the examples.
import { existsSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { root, workspacePackages } from './workspace.mjs';

/** Used at the prompt, not from code: what it exports is for our own tests. */
const FOR_PERSONS = ['fairlead'];

/** The sources behind the entry points of the published packages, as their manifests name them, by package. */
function entryPoints() {
  /** @type {Map<string, string[]>} */
  const entries = new Map();
  for (const { dir, name, manifest } of workspacePackages()) {
    if (manifest.private === true || FOR_PERSONS.includes(name)) continue;
    for (const value of Object.values(manifest.exports ?? {})) {
      if (typeof value?.types !== 'string') continue;
      const source = value.types.replace('./dist/', 'src/').replace(/\.d\.ts$/, '.ts');
      const file = path.join(root, dir, source);
      if (existsSync(file)) entries.set(name, [...(entries.get(name) ?? []), file]);
    }
  }
  return entries;
}

/** @type {string[]} */
const missing = [];
let symbols = 0;

/**
 * @param {ts.Node} node
 * @param {string} name
 * @param {string} what
 */
function complain(node, name, what) {
  const file = node.getSourceFile();
  const line = file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
  missing.push(`${path.relative(root, file.fileName)}:${line} ${name}: ${what}`);
}

/** @param {ts.Symbol} symbol @param {string} tag */
const has = (symbol, tag) => symbol.getJsDocTags(checker).some((one) => one.name === tag);

/** True when a function throws by itself: what functions within it throw is theirs. @param {ts.Node | undefined} body */
function throws(body) {
  let found = false;
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isThrowStatement(node)) found = true;
    else if (!ts.isFunctionLike(node) && !ts.isClassLike(node)) ts.forEachChild(node, visit);
  };
  if (body !== undefined) ts.forEachChild(body, visit);
  return found;
}

/** The body of a function or of a constant that is one. @param {ts.Declaration} declaration */
function bodyOf(declaration) {
  const value = ts.isVariableDeclaration(declaration) ? declaration.initializer : declaration;
  return value !== undefined && ts.isFunctionLike(value) && 'body' in value
    ? /** @type {ts.Node} */ (value.body)
    : undefined;
}

/** @param {ts.Symbol} symbol */
const documented = (symbol) => ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim() !== '';

/**
 * The members of a class or of an object type that a user sees.
 * @param {ts.ClassLikeDeclaration | ts.InterfaceDeclaration | ts.TypeLiteralNode} declaration
 */
function membersOf(declaration) {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  return [...declaration.members].filter(
    (member) =>
      member.name !== undefined &&
      // What a class of Node or of the language declares, as the name of an error, is documented there.
      (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Override) === 0 &&
      !ts.isPrivateIdentifier(member.name) &&
      !ts.isComputedPropertyName(member.name) &&
      (ts.getCombinedModifierFlags(member) & hidden) === 0,
  );
}

/** @param {string} owner @param {ts.ClassLikeDeclaration | ts.InterfaceDeclaration | ts.TypeLiteralNode} declaration */
function checkMembers(owner, declaration) {
  for (const member of membersOf(declaration)) {
    const symbol = /** @type {ts.Symbol} */ (checker.getSymbolAtLocation(/** @type {ts.Node} */ (member.name)));
    const name = `${owner}.${symbol.name}`;
    if (!documented(symbol)) complain(member, name, 'no docstring');
    if (throws(bodyOf(member)) && !has(symbol, 'throws')) complain(member, name, 'it throws and has no @throws');
  }
  for (const member of declaration.members) {
    if (!ts.isConstructorDeclaration(member) || !throws(member.body)) continue;
    if (!ts.getJSDocTags(member).some((tag) => tag.tagName.text === 'throws')) {
      complain(member, `new ${owner}`, 'it throws and has no @throws');
    }
  }
}

/**
 * @param {ts.Symbol} exported
 * @param {string} examples - What the examples of the package say, all in one.
 */
function check(exported, examples) {
  const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  const declarations = (symbol.declarations ?? []).filter((one) => one.getSourceFile().fileName.startsWith(root));
  const own = declarations.filter((one) => !one.getSourceFile().fileName.includes('node_modules'));
  const first = own[0];
  if (first === undefined || checked.has(symbol)) return;
  checked.add(symbol);
  symbols++;
  const name =
    exported.name === 'default'
      ? `${path.basename(path.resolve(first.getSourceFile().fileName, '../..'))} (default)`
      : exported.name;
  if (!documented(symbol)) complain(first, name, 'no docstring');
  const callable = own.some(
    (one) =>
      ts.isFunctionDeclaration(one) ||
      ts.isClassDeclaration(one) ||
      ts.isExportAssignment(one) ||
      bodyOf(one) !== undefined,
  );
  const shape = own.find(
    (one) => ts.isInterfaceDeclaration(one) || (ts.isTypeAliasDeclaration(one) && ts.isTypeLiteralNode(one.type)),
  );
  if (callable && !has(symbol, 'example')) complain(first, name, 'no @example');
  if (
    shape !== undefined &&
    !callable &&
    !has(symbol, 'example') &&
    !new RegExp(`\\b${exported.name}\\b`).test(examples)
  ) {
    complain(shape, name, 'no @example, and none of the package names it');
  }
  for (const one of own) {
    if (throws(bodyOf(one)) && !has(symbol, 'throws')) complain(one, name, 'it throws and has no @throws');
    if (ts.isClassDeclaration(one) || ts.isInterfaceDeclaration(one)) checkMembers(name, one);
    if (ts.isTypeAliasDeclaration(one) && ts.isTypeLiteralNode(one.type)) checkMembers(name, one.type);
  }
}

/** The text of every example in the sources of a package. @param {string} folder */
function examplesIn(folder) {
  /** @type {string[]} */
  const found = [];
  for (const file of program.getSourceFiles()) {
    if (!file.fileName.startsWith(folder) || file.isDeclarationFile) continue;
    for (const [, text = ''] of file.text.matchAll(/@example\s+\*\s+```ts\n([\s\S]*?)```/g)) found.push(text);
  }
  return found.join('\n');
}

const entries = entryPoints();
const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(path.join(root, 'tsconfig.base.json'), ts.sys.readFile).config,
  ts.sys,
  root,
);
const program = ts.createProgram([...entries.values()].flat(), { ...options, noEmit: true, composite: false });
const checker = program.getTypeChecker();
/** @type {Set<ts.Symbol>} */
const checked = new Set();

for (const files of entries.values()) {
  const examples = examplesIn(
    path.join(/** @type {string} */ (files[0]).split(`${path.sep}src${path.sep}`)[0] ?? '', 'src'),
  );
  for (const file of files) {
    const module = checker.getSymbolAtLocation(/** @type {ts.Node} */ (program.getSourceFile(file)));
    if (module === undefined) continue;
    for (const exported of checker.getExportsOfModule(module)) check(exported, examples);
  }
}

for (const line of missing.sort()) console.log(line);
if (missing.length > 0)
  console.log(`${missing.length} missing; see "Documentation of the public surface" in CONTRIBUTING.md`);
else console.log(`${symbols} public symbols, all documented`);
process.exitCode = missing.length === 0 ? 0 : 1;
