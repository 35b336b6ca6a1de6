// Finds words by key: filling in, plural forms, and a fallback for codes the catalogue does not know. No state, so tests call it plainly.
import { en, type Key, type Words } from "./en";
import { zhCN } from "./zh-CN";

export type Locale = "en" | "zh-CN";
export type Params = Record<string, string | number>;

export const catalogues: Record<Locale, Record<Key, Words>> = { en, "zh-CN": zhCN };

/** The best of our languages for what the system speaks. */
export function nearestLocale(system: string): Locale {
  return /^zh(?![a-z])/i.test(system) ? "zh-CN" : "en";
}

export function words(locale: Locale, key: Key, params: Params = {}): string {
  const found = catalogues[locale][key];
  const form = typeof found === "string" ? found : (found[pluralRule(locale, Number(params["n"] ?? 0))] ?? found.other);
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? value.toLocaleString(locale) : value;
  });
}

/** Words for a code from the backend, or the family's `unknown` when we have none. */
export function wordsForCode(locale: Locale, family: "error" | "why" | "notice" | "failure", code: string, params: Params = {}): string {
  const key = `${family}.${code}`;
  const known = Object.hasOwn(catalogues[locale], key);
  return words(locale, (known ? key : `${family}.unknown`) as Key, { code, ...params });
}

export type Part = { text: string } | { slot: string };

/** A sentence cut at its `{slots}`, for names that need an element of their own. */
export function sentenceParts(locale: Locale, key: Key): Part[] {
  return words(locale, key)
    .split(/(\{\w+\})/)
    .filter((piece) => piece !== "")
    .map((piece) => (piece.startsWith("{") ? { slot: piece.slice(1, -1) } : { text: piece }));
}

const rules = new Map<Locale, Intl.PluralRules>();

function pluralRule(locale: Locale, n: number): Intl.LDMLPluralRule {
  let rule = rules.get(locale);
  if (!rule) rules.set(locale, (rule = new Intl.PluralRules(locale)));
  return rule.select(n);
}
