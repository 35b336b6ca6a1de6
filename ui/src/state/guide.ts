// The guide as a tree: read from docs/guide at build time (ui/guide), drawn by the page, searched here. There is no HTML in it.
import guides from "virtual:guide";
import type { Locale } from "../i18n/catalogue";
import { MASTER } from "../../words/words";

export type Inline = string | { readonly strong: string } | { readonly em: string } | { readonly code: string };
export type Words = readonly Inline[];

export type Block =
  | { readonly kind: "text"; readonly words: Words }
  | { readonly kind: "list"; readonly numbered: boolean; readonly items: readonly Words[] }
  | { readonly kind: "table"; readonly head: readonly Words[]; readonly rows: readonly (readonly Words[])[] };

export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}
export type Guide = readonly Section[];

/** English where a language has no guide of its own. */
export async function guideIn(locale: Locale): Promise<Guide> {
  const guide = guides[Object.hasOwn(guides, locale) ? locale : MASTER];
  return guide ? (await guide()).default : [];
}

const plain = (words: Words): string => words.map((part) => (typeof part === "string" ? part : Object.values(part).join(""))).join("");

function textOf(block: Block): string {
  switch (block.kind) {
    case "text":
      return plain(block.words);
    case "list":
      return block.items.map(plain).join("\n");
    case "table":
      return [block.head, ...block.rows].map((row) => row.map(plain).join(" ")).join("\n");
  }
}

/** Of each section what speaks of the words; whole where its title does. Rows and points stand for themselves. */
export function sought(guide: Guide, wanted: string): Guide {
  const word = wanted.trim().toLowerCase();
  if (word === "") return guide;
  const speaks = (text: string): boolean => text.toLowerCase().includes(word);
  return guide.flatMap((section) => {
    if (speaks(section.title)) return [section];
    const blocks = section.blocks.filter((block) => speaks(textOf(block))).map((block): Block => {
      if (block.kind === "text") return block;
      if (block.kind === "list") return { ...block, items: block.items.filter((item) => speaks(plain(item))) };
      return { ...block, rows: block.rows.filter((row) => row.some((cell) => speaks(plain(cell)))) };
    });
    return blocks.length > 0 ? [{ ...section, blocks }] : [];
  });
}
