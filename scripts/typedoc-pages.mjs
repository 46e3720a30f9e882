// A plugin of typedoc, for the pages beside the API: each is called by its first heading, not by its file, and stands
// under the heading of its folder in the navigation and the search; a source file that it links is shown, not downloaded.
import { existsSync, readdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { Converter, PageEvent, RendererEvent } from 'typedoc';

/** Groups of the pages, by the folder they are in. */
const GROUPS = [
  { folder: 'docs/guides/', group: 'Guides' },
  { folder: 'docs/adr/', group: 'Decisions' },
  { folder: '', group: 'Manual' },
];

/**
 * The first heading of a page, as text.
 *
 * @param {readonly import('typedoc').CommentDisplayPart[]} content
 */
function headingOf(content) {
  const text = content.map((part) => part.text).join('');
  return /^# +(.+)$/m.exec(text)?.[1]?.replaceAll('`', '');
}

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, document) => {
    document.frontmatter['group'] = GROUPS.find(({ folder }) => document.name.startsWith(folder))?.group;
    document.name = headingOf(document.content) ?? document.name;
  });

  // Where a page links a file of the tree, typedoc puts a copy into media. A browser would store a .ts (a video, it
  // thinks) or .yaml; with .txt behind it, it shows it.
  const source = /\.(?:ts|mts|mjs|yaml|c|sh|json)$/;
  app.renderer.on(PageEvent.END, (page) => {
    if (page.contents === undefined) return;
    page.contents = page.contents.replace(/(href="[^"]*media\/[^"#]+)(#[^"]*)?"/g, (whole, file, hash = '') =>
      source.test(file) ? `${file}.txt${hash}"` : whole,
    );
  });
  app.renderer.on(RendererEvent.END, (event) => {
    const media = path.join(event.outputDirectory, 'media');
    for (const file of existsSync(media) ? readdirSync(media) : []) {
      if (source.test(file)) renameSync(path.join(media, file), path.join(media, `${file}.txt`));
    }
  });
}
