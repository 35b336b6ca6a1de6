// Builds two pages that never mix: index.html talks to the backend and ships; fake.html talks to an invented room and is for development and pictures.
import { availableParallelism } from "node:os";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";
import { guide } from "./guide/guide.ts";
import { plainIcons } from "./icons/plain.ts";
import { words } from "./words/files.ts";

// The policy of the shipped window, so that the preview shows what it would forbid.
const csp = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' avatar: http://avatar.localhost",
  "connect-src 'self'",
  "font-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-src 'none'",
].join("; ");

export default defineConfig(({ mode }) => {
  const fake = mode === "fake";
  return {
    plugins: [plainIcons(), svelte(), guide(), words()],
    base: "./",
    clearScreen: false,
    resolve: mode === "test" ? { conditions: ["browser"] } : {},
    server: { port: 5183, strictPort: true },
    preview: { port: 5184, strictPort: true, headers: { "Content-Security-Policy": csp } },
    build: {
      outDir: fake ? "dist-fake" : "dist",
      emptyOutDir: true,
      // WebView2 and WKWebView of spring 2024, WebKitGTK 2.46 or newer.
      target: ["es2022", "safari17.5", "chrome123"],
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: { input: fake ? "fake.html" : "index.html", output: { codeSplitting: { groups: [{ name: "first", tags: ["$initial"] }] } } },
    },
    test: {
      environment: "happy-dom",
      include: ["test/**/*.test.ts"],
      setupFiles: ["test/whole.ts"],
      restoreMocks: true,
      testTimeout: 20_000,
      // Vitest leaves a core to somebody who works beside it; of two that would be half.
      maxWorkers: Math.max(2, availableParallelism() - 1),
    },
  };
});
