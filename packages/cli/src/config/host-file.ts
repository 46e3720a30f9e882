import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { WrittenHostConfig } from '@fairlead/core';
import type { ErrorCode } from '@fairlead/sdk';
import { type Document, LineCounter, parseDocument } from 'yaml';
import type { Fault } from './fault.ts';
import { locate } from './locate.ts';
import { depthFault, syntaxFaults } from './syntax.ts';

/** 65,536 VMs of a few lines each fit; what is larger is no configuration. */
const MAX_FILE_BYTES = 32 * 1024 * 1024;
/** How often all aliases together may be expanded, so that a few lines cannot become gigabytes. */
const MAX_ALIASES = 100;

/** A configuration file that is YAML and holds an object; whether it describes a host is not known yet. */
export interface HostFile {
  readonly name: string;
  readonly url: string;
  readonly written: WrittenHostConfig;
  /** Line and column of a configuration path. */
  place(path: string): { line: number; column: number };
}

/** Reads a configuration file. Never throws: what is wrong comes back as faults. */
export function readHostFile(name: string): { readonly file?: HostFile; readonly faults: readonly Fault[] } {
  const text = readText(name);
  if (typeof text !== 'string') return { faults: [text] };
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const at = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const syntax = syntaxFaults(document, text).map(({ offset, ...fault }) => ({ ...fault, file: name, ...at(offset) }));
  if (syntax.length > 0) return { faults: syntax };
  const value = toValue(document, name);
  if ('fault' in value) return { faults: [value.fault] };
  const file: HostFile = {
    name,
    url: pathToFileURL(resolve(name)).href,
    written: value.written,
    place: (path) => at(locate(document as Document, path)),
  };
  return { file, faults: [] };
}

function readText(name: string): string | Fault {
  const fault = (what: string, mend: string, code: ErrorCode = 'FAIRLEAD_ERR_CONFIG_READ'): Fault => ({
    code,
    what,
    mend,
    file: name,
    path: '',
  });
  try {
    const { size } = statSync(name);
    if (size > MAX_FILE_BYTES) {
      return fault(
        `the file has ${size} bytes`,
        `a configuration has at most ${MAX_FILE_BYTES}; is it the right file?`,
      );
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(name));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
      return fault(
        'the file is not UTF-8 text',
        'save it as UTF-8; is it the right file?',
        'FAIRLEAD_ERR_CONFIG_SYNTAX',
      );
    }
    const reasons: Record<string, string> = {
      ENOENT: 'there is no such file',
      EACCES: 'the file may not be read',
      EISDIR: 'this is a folder, not a file',
    };
    const reason = reasons[code ?? ''] ?? message;
    return fault(reason, 'check the path and its permissions');
  }
}

function toValue(document: Document.Parsed, file: string): { written: WrittenHostConfig } | { fault: Fault } {
  const fault = (code: ErrorCode, what: string, mend: string) => ({
    fault: { code, what, mend, file, line: 1, column: 1, path: '' },
  });
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    // The parser says so with a ReferenceError; unresolved aliases have been found before.
    return fault('FAIRLEAD_ERR_CONFIG_SYNTAX', (error as Error).message, 'write the repeated parts out');
  }
  if (value === null || value === undefined) {
    return fault('FAIRLEAD_ERR_CONFIG_INVALID', 'the file is empty', 'describe a host: nics and vms at least');
  }
  if (typeof value !== 'object' || Array.isArray(value)) {
    return fault(
      'FAIRLEAD_ERR_CONFIG_INVALID',
      'the file does not hold an object',
      'begin with nics: and vms: at the left margin',
    );
  }
  const deep = depthFault(value);
  if (deep !== undefined) return fault('FAIRLEAD_ERR_CONFIG_SYNTAX', deep, 'no part of a host lies that deep');
  return { written: value as WrittenHostConfig };
}
