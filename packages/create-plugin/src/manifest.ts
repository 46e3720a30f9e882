import { readFileSync } from 'node:fs';
import { API_VERSIONS } from '@fairlead/sdk';
import type { PluginRequest } from './request.ts';

/** The present number of the scaffold: it grows with every change that an older package has to be brought through. */
export const SCAFFOLD = 1;

/** Tools that a new package is built, tested and linted with. They work together, which is why they are exact. */
export const TOOLS = {
  '@types/node': '20.19.43',
  oxlint: '1.94.0',
  typescript: '6.0.3',
  vitest: '4.1.12',
} as const;

/** The oldest Node.js that the sdk runs on. */
const ENGINES = { node: '>=20.19' } as const;

/** The range of sdks that a plugin made now works with: all packages of Fairlead share one version. */
function sdkRange(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return `^${version}`;
}

/** What a plugin package's package.json says to Fairlead, under `fairlead`. */
interface FairleadField {
  readonly kind: string;
  readonly name: string;
  readonly apiVersion: number;
  readonly scaffold?: number;
}

/** The package.json of a new plugin package. */
export function manifestOf(request: PluginRequest, files: readonly string[]): Record<string, unknown> {
  const { kind, name, language } = request;
  const typed = language === 'ts';
  const fairlead: FairleadField = { kind, name, apiVersion: API_VERSIONS[kind], scaffold: SCAFFOLD };
  const { typescript, '@types/node': nodeTypes, ...both } = TOOLS;
  return {
    name: `fairlead-${name}`,
    version: '0.1.0',
    description: `Fairlead ${kind}: ${name}.`,
    license: 'Apache-2.0',
    type: 'module',
    engines: ENGINES,
    keywords: ['fairlead-plugin', kind],
    files: [typed ? 'dist' : 'src'],
    exports: {
      '.': typed ? { types: './dist/index.d.ts', default: './dist/index.js' } : './src/index.js',
      './package.json': './package.json',
    },
    fairlead,
    scripts: {
      build: typed ? 'tsc -p tsconfig.build.json' : 'node --check src/index.js',
      test: 'vitest run',
      lint: `oxlint --deny-warnings${typed ? ' && tsc' : ''}`,
      check: files.includes('host.yaml') ? 'fairlead check host.yaml' : 'fairlead plugin test .',
      ...(files.includes('scenario.yaml') ? { simulate: 'fairlead simulate scenario.yaml' } : {}),
      ...(typed ? { prepack: 'npm run build' } : {}),
    },
    peerDependencies: { '@fairlead/sdk': sdkRange() },
    devDependencies: {
      '@fairlead/sdk': sdkRange(),
      ...(typed ? { '@types/node': nodeTypes } : {}),
      fairlead: sdkRange(),
      ...both,
      ...(typed ? { typescript } : {}),
    },
  };
}
