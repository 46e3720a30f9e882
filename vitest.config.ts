import { configDefaults, defineConfig } from 'vitest/config';

// Tests of a package import its sources by relative path; everything else by package name, which leads to `dist`.
const unit = [
  'packages/*/test/**/*.test.ts',
  // That of link monitors follows when the kind has laws.
  'packages/create-plugin/templates/!(link-monitor)/test/*.test.ts',
  'plugins/*/test/**/*.test.ts',
  'test/requirements/**/*.test.ts',
  'test/peers/**/*.test.ts',
  'test/*.test.ts',
  'examples/**/*.test.ts',
  'bench/**/*.test.ts',
];

const shared = {
  exclude: [...configDefaults.exclude, '**/dist/**', '**/out/**'],
  // Built packages are loaded by Node itself, as a user's program loads them.
  server: { deps: { external: [/\/dist\//] } },
};

export default defineConfig({
  // Without this the decorators of injected constructors are refused.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    coverage: { provider: 'v8', include: ['packages/*/src/**', 'plugins/*/src/**'], reportsDirectory: 'coverage' },
    projects: [
      { extends: true, test: { ...shared, name: 'unit', include: unit, testTimeout: 20_000 } },
      {
        extends: true,
        test: {
          ...shared,
          name: 'packed',
          include: ['test/packed/*.test.ts'],
          // One at a time: each works with npm, compilers and test runners of its own.
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        extends: true,
        test: {
          ...shared,
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          // One at a time: they share the machine's interfaces, namespaces and two cores.
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
