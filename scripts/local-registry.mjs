// A registry of packages on this machine, for npm: what has been packed here it serves itself, and for everything else it
// sends npm on to the registry that is configured. So a script may write `npm install` as a user would, before anything
// is published.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

/**
 * The package.json in an npm archive: a tar whose entries lie below `package/`.
 * @param {Buffer} archive
 * @returns {{ name: string, version: string }}
 */
function manifestIn(archive) {
  const tar = gunzipSync(archive);
  for (let at = 0; at + 512 <= tar.length; ) {
    const name = tar.toString('utf8', at, at + 100).replace(/\0.*$/s, '');
    const bytes = Number.parseInt(tar.toString('utf8', at + 124, at + 136), 8) || 0;
    if (name === 'package/package.json') return JSON.parse(tar.toString('utf8', at + 512, at + 512 + bytes));
    at += 512 + Math.ceil(bytes / 512) * 512;
  }
  throw new Error('an archive without a package.json');
}

/**
 * Serves the archives of a folder on a free port of this machine, until it is closed.
 * @param {string} folder
 * @param {string} elsewhere  the registry that has everything else
 */
export async function serveArchives(folder, elsewhere) {
  const archives = new Map(readdirSync(folder).map((file) => [file, readFileSync(path.join(folder, file))]));
  let url = '';
  /** @type {Map<string, { file: string, manifest: { name: string, version: string }, archive: Buffer }>} */
  const packages = new Map();
  for (const [file, archive] of archives) {
    const manifest = manifestIn(archive);
    packages.set(manifest.name, { file, manifest, archive });
  }
  const server = createServer((request, response) => {
    const asked = decodeURIComponent((request.url ?? '/').slice(1));
    const archive = archives.get(asked.replace(/^-\//, ''));
    if (archive !== undefined) {
      response.end(archive);
      return;
    }
    const found = packages.get(asked);
    if (found === undefined) {
      response.writeHead(302, { location: new URL((request.url ?? '/').slice(1), elsewhere).href }).end();
      return;
    }
    const { file, manifest } = found;
    const integrity = `sha512-${createHash('sha512').update(found.archive).digest('base64')}`;
    const dist = { tarball: `${url}-/${file}`, integrity };
    const versions = { [manifest.version]: { ...manifest, dist } };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ name: manifest.name, 'dist-tags': { latest: manifest.version }, versions }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  url = `http://127.0.0.1:${address.port}/`;
  return { url, close: () => server.close() };
}
