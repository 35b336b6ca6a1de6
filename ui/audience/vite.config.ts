// Builds the audience's page, which the room server carries inside itself: packed once here, and never larger than a phone should have to load.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";
import { plainIcons } from "../icons/plain.ts";
import { words } from "../words/files.ts";

/** All files together, as they travel. */
const MOST_BYTES = 60 * 1024;
const out = resolve(import.meta.dirname, "dist");

/** Puts a packed copy beside each file; ends the build where they are too large together. */
function packed(): Plugin {
  return {
    name: "packed",
    apply: "build",
    closeBundle() {
      let bytes = 0;
      for (const name of readdirSync(out)) {
        const copy = gzipSync(readFileSync(join(out, name)), { level: 9 });
        writeFileSync(join(out, `${name}.gz`), copy);
        bytes += copy.length;
      }
      if (bytes <= MOST_BYTES) return;
      rmSync(out, { recursive: true });
      throw new Error(`the audience's page has ${bytes} bytes, ${MOST_BYTES} are the most`);
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  base: "/page/",
  clearScreen: false,
  plugins: [plainIcons(), svelte({ configFile: false, compilerOptions: { runes: true, css: "external" } }), words(), packed()],
  build: {
    outDir: out,
    emptyOutDir: true,
    // Phones of 2022, and the browsers inside other apps, which lag behind; what is newer in our styles is written out for them.
    target: ["es2021", "safari15.4", "chrome105", "firefox121"],
    assetsDir: "",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
