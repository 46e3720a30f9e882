import { type Document, visit } from 'yaml';

/** A fault of the YAML itself, at an offset in the text. */
export interface SyntaxFault {
  readonly code: 'FAIRLEAD_ERR_CONFIG_SYNTAX';
  readonly what: string;
  readonly mend: string;
  readonly path: '';
  readonly offset: number;
}

/** No part of a host's configuration lies deeper than a dozen levels. */
const MAX_DEPTH = 64;
/** Beyond a few, one mistake explains the rest. */
const MAX_FAULTS = 20;

const MENDS: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'keep one of the two',
  TAB_AS_INDENT: 'indent with spaces',
  MULTIPLE_DOCS: 'one file describes one host: remove what follows ---',
  NON_STRING_KEY: 'write the key as plain text',
  BLOCK_AS_IMPLICIT_KEY: 'put the inner part on a line of its own, indented, or into { }',
  MISSING_CHAR: 'a key is followed by a colon and a space',
  BAD_INDENT: 'close the bracket, and indent what belongs together alike',
  RESOURCE_EXHAUSTION: 'no part of a host lies that deep',
};

/** What is wrong with a document as YAML, in the order of the text. */
export function syntaxFaults(document: Document.Parsed, text: string): SyntaxFault[] {
  const faults: SyntaxFault[] = [];
  const add = (offset: number, what: string, mend: string): void => {
    if (faults.length < MAX_FAULTS && !faults.some((other) => other.offset === offset)) {
      faults.push({ code: 'FAIRLEAD_ERR_CONFIG_SYNTAX', what, mend, path: '', offset });
    }
  };
  for (const { code, message, pos } of document.errors)
    add(pos[0], wording(code, message, text, pos[0]), MENDS[code] ?? 'mend the YAML here');
  for (const { message, pos } of document.warnings)
    add(pos[0], message, 'remove it: tags and directives mean nothing here');
  if (faults.length === 0) {
    visit(document, {
      Alias(_, alias) {
        if (alias.resolve(document) !== undefined) return;
        add(
          alias.range?.[0] ?? 0,
          `nothing before this has the anchor &${alias.source}`,
          `name it where it is written first: &${alias.source}`,
        );
      },
    });
  }
  return faults.sort((a, b) => a.offset - b.offset);
}

function wording(code: string, message: string, text: string, offset: number): string {
  if (code === 'DUPLICATE_KEY') return `"${/^[^:\n]*/.exec(text.slice(offset))?.[0].trim()}" is written twice`;
  if (code === 'MULTIPLE_DOCS') return 'the file holds more than one document';
  if (code === 'RESOURCE_EXHAUSTION') return 'the file is nested too deeply';
  return message;
}

/** Says so when a value is nested too deeply to be looked at, as one that contains itself through an alias is. */
export function depthFault(value: unknown): string | undefined {
  return isWithin(value, MAX_DEPTH) ? undefined : `the file is nested deeper than ${MAX_DEPTH} levels`;
}

function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((part) => isWithin(part, levels - 1));
}
