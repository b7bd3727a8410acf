import { defineConfig } from "vitest/config";
import { viteWords } from "./words.mjs";

export default defineConfig({
  plugins: [viteWords()],
  test: { include: ["test/unit/**/*.test.ts"], environment: "happy-dom" },
});
