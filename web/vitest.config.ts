import { defineConfig } from "vitest/config";

const folder = (path: string) => new URL(path, import.meta.url).pathname;

export default defineConfig({
  resolve: { alias: { "@": folder("./src"), "@tests": folder("./tests") } },
  test: {
    sequence: { shuffle: true },
    restoreMocks: true,
    projects: [
      { extends: true, test: { name: "logic", include: ["src/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "components",
          include: ["src/**/*.test.tsx"],
          environment: "happy-dom",
          setupFiles: "tests/support/components.ts",
        },
      },
    ],
  },
});
