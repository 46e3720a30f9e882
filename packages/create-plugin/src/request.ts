import { API_VERSIONS, FairleadError, type PluginKind } from '@fairlead/sdk';
import { CONFORMANCE_KINDS } from '@fairlead/sdk/testing';

/** The language that a plugin is written in. */
export const LANGUAGES = ['ts', 'js'] as const;
/** What a template is written in: TypeScript or plain JavaScript. */
export type Language = (typeof LANGUAGES)[number];

/** The kinds of plugin that can be made: the extension points whose laws the sdk can try, as the package's test does. */
export const KINDS = (Object.keys(API_VERSIONS) as readonly PluginKind[]).filter((kind) =>
  CONFORMANCE_KINDS.includes(kind),
);

/** A plugin package that is to be written. */
export interface PluginRequest {
  /** Its extension point. */
  readonly kind: PluginKind;
  /** Name of the plugin, in kebab case; the package is called `fairlead-<name>`. */
  readonly name: string;
  /** What it is written in. */
  readonly language: Language;
  /** Where the package goes; made if it is not there. */
  readonly folder: string;
}

/** What a person said of the request: by flags, or in answer to questions. */
export interface WrittenRequest {
  /** Its extension point. */
  readonly kind?: string;
  /** Name of the plugin, in kebab case. */
  readonly name?: string;
  /** `ts` or `js`; `ts` when left out. */
  readonly language?: string;
  /** Where the package goes; a folder of the plugin's name when left out. */
  readonly folder?: string;
}

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** Longest name of a package in an npm registry, less `fairlead-`. */
const MAX_NAME = 214 - 'fairlead-'.length;

/** @throws FairleadError `FAIRLEAD_ERR_SCAFFOLD_REQUEST` for a kind that does not exist. */
export function checkKind(kind: string): PluginKind {
  const known = KINDS.find((one) => one === kind);
  if (known !== undefined) return known;
  throw refusal(`there is no kind of plugin "${kind}"`, 'kind', `use one of ${KINDS.join(', ')}`);
}

/** @throws FairleadError `FAIRLEAD_ERR_SCAFFOLD_REQUEST` for a name that is not kebab case. */
export function checkName(name: string): string {
  if (NAME.test(name) && name.length <= MAX_NAME) return name;
  const near = name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '');
  const hint = NAME.test(near) && near.length <= MAX_NAME ? `, as ${near}` : ', as my-policy';
  throw refusal(`"${name}" is not a plugin name`, 'name', `use lower-case words joined by hyphens${hint}`);
}

/** @throws FairleadError `FAIRLEAD_ERR_SCAFFOLD_REQUEST` for another language than TypeScript and JavaScript. */
export function checkLanguage(language: string): Language {
  const known = LANGUAGES.find((one) => one === language);
  if (known !== undefined) return known;
  throw refusal(`no template is written in "${language}"`, 'language', 'use ts (TypeScript) or js (plain JavaScript)');
}

/**
 * Makes a whole request of what was said; the language is TypeScript and the folder `./<name>` unless said otherwise.
 *
 * @throws FairleadError `FAIRLEAD_ERR_SCAFFOLD_REQUEST` naming what is missing or wrong.
 * @example
 * ```ts
 * import { pluginRequest, type PluginRequest } from '@fairlead/create-plugin';
 *
 * const request: PluginRequest = pluginRequest({ kind: 'load-distribution', name: 'express-lane' });
 * console.log(request.folder, request.language); // express-lane ts
 * ```
 */
export function pluginRequest({ kind, name, language, folder }: WrittenRequest): PluginRequest {
  if (kind === undefined)
    throw refusal('no kind of plugin was named', 'kind', `say --kind, one of ${KINDS.join(', ')}`);
  const checkedKind = checkKind(kind);
  if (name === undefined) throw refusal('the plugin has no name', 'name', 'say --name, as --name express-lane');
  const checkedName = checkName(name);
  return {
    kind: checkedKind,
    name: checkedName,
    language: checkLanguage(language ?? 'ts'),
    folder: folder ?? `./${checkedName}`,
  };
}

function refusal(what: string, where: string, mend: string): FairleadError {
  return new FairleadError('FAIRLEAD_ERR_SCAFFOLD_REQUEST', what, { where, mend });
}
