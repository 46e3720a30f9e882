// Builds the documentation site into out/docs and looks at what came out: `npm run docs`. It must open from disk, so
// every link leads to a file that is there and nothing is fetched; and its search must know every page and every package.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { inflate } from 'node:zlib';
import { runQuietly } from './process.mjs';
import { root } from './workspace.mjs';

const site = path.join(root, 'out/docs');
const { code } = await runQuietly(process.execPath, [path.join(root, 'node_modules/typedoc/bin/typedoc')]);
if (code !== 0) process.exit(code);

/** @type {string[]} */
const faults = [];
const pages = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.html'));

for (const page of pages) {
  // Code that is shown is not markup: typedoc writes its quotes as entities, but not within <code>.
  const html = readFileSync(path.join(site, page), 'utf8').replace(/<pre>.*?<\/pre>|<code[ >].*?<\/code>/gs, '');
  for (const [, tag = '', attribute = '', target = ''] of html.matchAll(/<(\w+)[^>]*? (href|src)="([^"]*)"/g)) {
    if (/^(https?:|mailto:)/.test(target)) {
      if (tag !== 'a') faults.push(`${page} fetches ${target}`);
      continue;
    }
    const file = decodeURIComponent((target.split('#')[0] ?? '').split('?')[0] ?? '');
    if (file === '' || existsSync(path.join(site, path.dirname(page), file))) continue;
    faults.push(`${page}: ${attribute} ${target} leads nowhere`);
  }
}

/** What the search of the site looks through: its index is JSON, deflated, in base64, in a script. */
const packed = /"(.*)"/s.exec(readFileSync(path.join(site, 'assets/search.js'), 'utf8'))?.[1] ?? '';
const text = (await promisify(inflate)(Buffer.from(packed, 'base64'))).toString();
/** @type {{ rows: { name: string, url: string, parent?: string }[], index: { invertedIndex: [string, unknown][] } }} */
const search = JSON.parse(text);
const found = new Set(search.rows.map((row) => row.url));
const documents = pages.filter((page) => /^documents[\\/]/.test(page)).map((page) => page.replaceAll('\\', '/'));
for (const page of documents) if (!found.has(page)) faults.push(`the search does not know ${page}`);
// Words of the text, not only titles: this one stands in a guide and is no symbol.
if (!search.index.invertedIndex.some(([word]) => word === 'doorbel' || word === 'doorbell')) {
  faults.push('the search does not look into the text of the pages');
}

for (const fault of faults) console.error(fault);
if (faults.length === 0) {
  console.log(
    `${path.relative(root, path.join(site, 'index.html'))}: ${pages.length} pages, ${documents.length} of them`,
  );
  console.log(`guides, ${search.rows.length} entries in the search; open it from disk`);
}
process.exitCode = faults.length === 0 ? 0 : 1;
