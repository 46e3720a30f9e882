import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

// Inside the workspace, so that plugins written there find the sdk.
const parent = fileURLToPath(new URL('out', import.meta.url));

/** A folder that plugin packages can be written to and installed in. */
export class PluginFolder {
  readonly path: string;

  constructor() {
    mkdirSync(parent, { recursive: true });
    this.path = mkdtempSync(path.join(parent, 'plugins-'));
  }

  write(file: string, text: string): string {
    const at = path.join(this.path, file);
    mkdirSync(path.dirname(at), { recursive: true });
    writeFileSync(at, text);
    return at;
  }

  /** Writes a package into node_modules: what its manifest says beside the usual, and its module. */
  install(name: string, manifest: object, module: string): string {
    const usual = {
      name,
      version: '1.2.3',
      type: 'module',
      exports: './index.js',
      keywords: ['fairlead-plugin'],
      peerDependencies: { '@fairlead/sdk': '^0.1.0' },
    };
    this.write(`node_modules/${name}/package.json`, JSON.stringify({ ...usual, ...manifest }));
    this.write(`node_modules/${name}/index.js`, module);
    return path.join(this.path, 'node_modules', name);
  }

  /** Makes an installed package find a copy of a package that is not the workspace's. */
  copyFor(name: string, copy: string, version: string, of: string): void {
    const at = `node_modules/${name}/node_modules/${copy}`;
    this.write(
      `${at}/package.json`,
      JSON.stringify({ name: copy, version, exports: { './package.json': './package.json' } }),
    );
    mkdirSync(path.join(this.path, at, 'node_modules'), { recursive: true });
    symlinkSync(of, path.join(this.path, at, 'node_modules', 'tsyringe'));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The module of a load distribution that sends all over the first NIC, or does as it is told. */
export function distributionModule(name: string, { body = '', options = '', apiVersion = 1 } = {}): string {
  return `import { definePlugin, Nics, Options, Type } from '@fairlead/sdk';
class Plugin {
  static inject = [Nics, Options];
  constructor(nics, options) { this.nics = nics; this.options = options; }
  select(batch) { ${body} batch.nic.fill(this.nics.available[0], 0, batch.count); }
}
export default definePlugin({
  kind: 'load-distribution', name: '${name}', apiVersion: ${apiVersion},
  options: Type.Object({ ${options} }, { additionalProperties: false }),
  implementation: Plugin,
});
`;
}
