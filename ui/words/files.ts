// Makes locales/*.json into modules at build time: each page carries its own area of every language, inside its script.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Plugin } from "vite";
import type { Languages } from "./words.ts";

export const LOCALES = resolve(import.meta.dirname, "../../locales");
const NAME = /^virtual:words\/(\w+)$/;

export function words(folder = LOCALES): Plugin {
  return {
    name: "words",
    resolveId: (id) => (NAME.test(id) ? `\0${id}` : null),
    load(id) {
      const area = NAME.exec(id.replace("\0", ""))?.[1];
      if (!id.startsWith("\0") || area === undefined) return null;
      for (const file of files(folder)) this.addWatchFile(join(folder, file));
      // A text is read faster than a program.
      return `export default JSON.parse(${JSON.stringify(JSON.stringify(gather(folder, area)))});`;
    },
  };
}

const files = (folder: string): string[] => readdirSync(folder).filter((file) => file.endsWith(".json")).sort();

/** What every language says in an area. */
export function gather(folder: string, area: string): Languages {
  return Object.fromEntries(
    files(folder).map((file) => {
      const { name, serves, [area]: words } = JSON.parse(readFileSync(join(folder, file), "utf8"));
      return [file.replace(/\.json$/, ""), { name, serves, words: words ?? {} }];
    }),
  );
}
