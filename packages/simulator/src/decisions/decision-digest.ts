import { createHash } from 'node:crypto';
import type { DecisionSink } from './decision-log.ts';

/**
 * SHA-256 of a decision log, as it is written.
 *
 * @example
 * ```ts
 * import { DecisionDigest, DecisionLog } from '@fairlead/simulator/decisions';
 *
 * const digest = new DecisionDigest();
 * const log = new DecisionLog(['web', 'db'], digest.sink);
 * log.flush();
 * console.log(digest.lines, digest.hex());
 * ```
 */
export class DecisionDigest {
  readonly #hash = createHash('sha256');
  /** Lines of the log so far. */
  lines = 0;

  /** Where the log's text goes. */
  readonly sink: DecisionSink = (text) => {
    this.#hash.update(text);
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.lines++;
  };

  /** The digest of everything that was written; to be asked once, at the end. */
  hex(): string {
    return this.#hash.digest('hex');
  }
}
