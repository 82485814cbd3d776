import { defineConfig } from 'vitest/config';

const shared = {
  pool: 'forks' as const,
  testTimeout: 60_000,
  hookTimeout: 120_000,
  allowOnly: false,
};
const excluded = ['**/node_modules/**', 'dist/**', 'data/**', 'test-results/**'];

/** Tests of the parts run side by side; those of the whole start servers and browsers, so they come after, one by one. */
export default defineConfig({
  test: {
    maxWorkers: 2,
    allowOnly: false,
    projects: [
      {
        test: {
          ...shared,
          name: 'parts',
          include: ['**/*.test.{ts,tsx,mjs}'],
          exclude: [...excluded, 'test/**'],
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          name: 'whole',
          include: ['test/**/*.test.ts'],
          exclude: excluded,
          testTimeout: 180_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
