// Builds what pictures of the screens are taken of: the app's page and the audience's, each on an invented room. Never part of what ships.
import { resolve } from "node:path";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";
import { guide } from "../guide/guide.ts";
import { plainIcons } from "../icons/plain.ts";
import { words } from "../words/files.ts";

const root = import.meta.dirname;

export default defineConfig({
  root,
  base: "./",
  clearScreen: false,
  logLevel: "warn",
  plugins: [plainIcons(), svelte({ configFile: false, compilerOptions: { runes: true, css: "external" } }), guide(), words()],
  build: {
    outDir: resolve(root, "../../target/screens/page"),
    emptyOutDir: true,
    target: ["es2022", "safari17.5", "chrome123"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1_000,
    rolldownOptions: { input: [resolve(root, "index.html"), resolve(root, "audience.html")] },
  },
});
