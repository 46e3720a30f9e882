export * from './batches.ts';
export * from './clock.ts';
export * from './conformance.ts';
export * from './context.ts';
export * from './observed.ts';
export * from './tables.ts';
