import { type Document, isAlias, isMap, isPair, isScalar, isSeq, type Node, type Pair } from 'yaml';

interface Step {
  readonly node: Node | null;
  /** Offset in the text of what a person would look for: a key, or an element of a list. */
  readonly offset: number;
  readonly rest: string;
}

/**
 * Offset in the text of the place that a configuration path names, as `vms[2].bandwidth.limitBps`: its key, or the
 * element of a list. A path that leads to something missing ends at the innermost part that is there.
 */
export function locate(document: Document, path: string): number {
  let node = document.contents as Node | null;
  let offset = node?.range?.[0] ?? 0;
  let rest = path;
  while (rest !== '' && node !== null) {
    const step = stepInto(document, node, rest);
    if (step === undefined) break;
    ({ node, offset, rest } = step);
  }
  return offset;
}

function stepInto(document: Document, from: Node, rest: string): Step | undefined {
  const node = isAlias(from) ? from.resolve(document) : from;
  const index = /^\[(\d+)\]/.exec(rest);
  if (isSeq(node) && index !== null) {
    const item = node.items[Number(index[1])];
    const element = isPair(item) ? (item.value as Node | null) : ((item ?? null) as Node | null);
    if (element?.range === null || element?.range === undefined) return undefined;
    return { node: element, offset: element.range[0], rest: rest.slice(index[0].length) };
  }
  return isMap(node) ? stepToKey(node.items as Pair<Node, Node | null>[], rest) : undefined;
}

/** Keys may hold dots and brackets themselves, so the longest one that the path goes on with is taken. */
function stepToKey(pairs: readonly Pair<Node, Node | null>[], path: string): Step | undefined {
  const rest = path.startsWith('.') ? path.slice(1) : path;
  let best: Step | undefined;
  let longest = -1;
  for (const { key, value } of pairs) {
    if (!isScalar(key) || key.range === null || key.range === undefined) continue;
    const name = String(key.value);
    for (const written of [name, `[${name}]`]) {
      const behind = rest[written.length];
      const fits = rest.startsWith(written) && (behind === undefined || behind === '.' || behind === '[');
      if (!fits || written.length <= longest) continue;
      longest = written.length;
      best = { node: value, offset: key.range[0], rest: rest.slice(written.length) };
    }
  }
  return best;
}
