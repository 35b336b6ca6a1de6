// The app's words by key, from the area `app` of every file in locales. No state, so tests call it plainly.
import languages from "virtual:words/app";
import type en from "../../../locales/en.json";
import { cut, knows, nearest, say, MASTER, type Params, type Part } from "../../words/words";

export { languages };
export type { Params, Part };
export type Key = keyof (typeof en)["app"];
/** The tag of a language that has a file. */
export type Locale = string;

/** What a person chose; the best for the system where they did not, or where the language is gone. */
export function chosenLocale(setting: string, system: string): Locale {
  return knows(languages, setting) ? setting : nearest(languages, system);
}

export const words = (locale: Locale, key: Key, params?: Params): string => say(languages, locale, key, params);

/** Words for a code from the backend, or the family's `unknown` when we have none. */
export function wordsForCode(locale: Locale, family: "error" | "why" | "notice" | "failure", code: string, params: Params = {}): string {
  const key = `${family}.${code}`;
  const known = Object.hasOwn(languages[MASTER]?.words ?? {}, key);
  return words(locale, (known ? key : `${family}.unknown`) as Key, { code, ...params });
}

/** A sentence cut at its `{slots}`, for names that need an element of their own. */
export const sentenceParts = (locale: Locale, key: Key): Part[] => cut(words(locale, key));
