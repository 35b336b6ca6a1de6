// Words of many languages, found by key: the best language for a system, plural forms, filling in. Pure; both pages use it with words of their own.

export type Plural = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };
export type Words = string | Plural;
export type Params = Record<string, string | number>;

/** One file of locales, as far as a page says it. */
export interface Language {
  /** Its own name for itself. */
  readonly name: string;
  /** The systems that it is for, by the beginning of their tag. */
  readonly serves: readonly string[];
  readonly words: Readonly<Record<string, Words>>;
}
export type Languages = Readonly<Record<string, Language>>;

/** What every other language leans on. */
export const MASTER = "en";

/** The longest tag that a language serves and that the system's begins with, part by part; English where none does. */
export function nearest(languages: Languages, system: string): string {
  const meant = system.replaceAll("_", "-").toLowerCase();
  const served = Object.entries(languages).flatMap(([tag, { serves }]) => serves.map((start) => ({ tag, start: start.toLowerCase() })));
  const fits = served.filter(({ start }) => meant.startsWith(start) && !/^[a-z0-9]/.test(meant.slice(start.length)));
  return fits.sort((a, b) => b.start.length - a.start.length)[0]?.tag ?? MASTER;
}

export const knows = (languages: Languages, tag: string): boolean => Object.hasOwn(languages, tag);

const own = (languages: Languages, tag: string, key: string): Words | undefined => {
  const words = knows(languages, tag) ? languages[tag]?.words : undefined;
  return words && Object.hasOwn(words, key) ? words[key] : undefined;
};

/** English says what a language does not. */
export function say(languages: Languages, tag: string, key: string, params: Params = {}): string {
  const found = own(languages, tag, key);
  const [speaker, words] = found === undefined ? [MASTER, own(languages, MASTER, key) ?? key] : [tag, found];
  const form = typeof words === "string" ? words : (words[pluralRule(speaker, Number(params["n"] ?? 0))] ?? words.other);
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? value.toLocaleString(tag) : value;
  });
}

export type Part = { text: string } | { slot: string };

/** A sentence cut at its `{slots}`, for names that need an element of their own. */
export function cut(sentence: string): Part[] {
  return sentence
    .split(/(\{\w+\})/)
    .filter((piece) => piece !== "")
    .map((piece) => (piece.startsWith("{") ? { slot: piece.slice(1, -1) } : { text: piece }));
}

const rules = new Map<string, Intl.PluralRules>();

function pluralRule(tag: string, n: number): Intl.LDMLPluralRule {
  let rule = rules.get(tag);
  if (!rule) rules.set(tag, (rule = new Intl.PluralRules(tag)));
  return rule.select(n);
}
