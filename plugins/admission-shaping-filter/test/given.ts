import { options, type ShapingOptions } from '../src/index.ts';

/** The options as the host hands them over: what is written, and the schema's default for the rest. */
export function written(some: Partial<ShapingOptions> = {}): ShapingOptions {
  const defaults = Object.entries(options.properties).map(([key, property]) => [key, property.default]);
  return { ...Object.fromEntries(defaults), ...some };
}

/** A batch of `count` frames of one length. */
export function times(count: number, bytes: number): number[] {
  return Array.from({ length: count }, () => bytes);
}
