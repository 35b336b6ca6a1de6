// Makes docs/guide/*.md into modules at build time. What the page could not draw ends the build: HTML and pictures never reach it.
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { lexer, type Token, type Tokens } from "marked";
import type { Plugin } from "vite";
import type { Block, Guide, Inline, Section, Words } from "../src/state/guide";

const NAME = /^virtual:guide(?:\/([\w-]+))?$/;
const folder = resolve(import.meta.dirname, "../../docs/guide");
export const file = (locale: string): string => resolve(folder, `${locale}.md`);
/** The languages that have a guide. */
export const locales = readdirSync(folder).flatMap((name) => (name.endsWith(".md") ? [name.slice(0, -3)] : []));

export function guide(): Plugin {
  return {
    name: "guide",
    resolveId: (id) => (NAME.test(id) ? `\0${id}` : null),
    load(id) {
      const asked = NAME.exec(id.replace("\0", ""));
      if (!id.startsWith("\0") || asked === null) return null;
      const [, locale] = asked;
      // Each language comes when somebody reads it.
      if (locale === undefined) return `export default { ${locales.map((one) => `"${one}": () => import("virtual:guide/${one}")`).join(", ")} };`;
      this.addWatchFile(file(locale));
      return `export default ${JSON.stringify(read(readFileSync(file(locale), "utf8")))};`;
    },
  };
}

/** The title is the file's own; what comes before the first heading of the second level belongs to nobody. */
export function read(markdown: string): Guide {
  const sections: (Section & { blocks: Block[] })[] = [];
  for (const token of lexer(markdown)) {
    if (token.type === "space" || (token.type === "heading" && token.depth === 1)) continue;
    if (token.type === "heading" && token.depth === 2) sections.push({ title: token.text, blocks: [] });
    else section(sections.at(-1), token).push(block(token));
  }
  return sections;
}

function section(last: { blocks: Block[] } | undefined, token: Token): Block[] {
  if (!last) throw new Error(`the guide begins without a heading: ${token.raw}`);
  return last.blocks;
}

function block(token: Token): Block {
  switch (token.type) {
    case "paragraph":
      return { kind: "text", words: words(token.tokens) };
    case "list":
      return { kind: "list", numbered: (token as Tokens.List).ordered, items: (token as Tokens.List).items.map((item) => words(item.tokens)) };
    case "table":
      return { kind: "table", head: cells((token as Tokens.Table).header), rows: (token as Tokens.Table).rows.map(cells) };
    default:
      throw new Error(`the page draws no ${token.type}: ${token.raw}`);
  }
}

const cells = (row: readonly Tokens.TableCell[]): Words[] => row.map((cell) => words(cell.tokens));

function words(tokens: readonly Token[] | undefined): Inline[] {
  return (tokens ?? []).flatMap((token): Inline[] => {
    switch (token.type) {
      case "text":
        return "tokens" in token && token.tokens ? words(token.tokens) : [token.text as string];
      case "escape":
        return [token.text as string];
      case "strong":
        return [{ strong: token.text as string }];
      case "em":
        return [{ em: token.text as string }];
      case "codespan":
        return [{ code: token.text as string }];
      default:
        throw new Error(`the page draws no ${token.type}: ${token.raw}`);
    }
  });
}
