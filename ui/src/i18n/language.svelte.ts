// The language in force: components call t() and repaint when it changes.
import { chosenLocale, sentenceParts, words, wordsForCode, type Key, type Locale, type Params, type Part } from "./catalogue";

class Language {
  locale = $state<Locale>("en");

  choose(setting: string, system: string): void {
    this.locale = chosenLocale(setting, system);
    document.documentElement.lang = this.locale;
  }

  readonly #clock = $derived(new Intl.DateTimeFormat(this.locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }));
  readonly #day = $derived(new Intl.DateTimeFormat(this.locale, { weekday: "long", month: "long", day: "numeric" }));
  readonly #dayOfYear = $derived(new Intl.DateTimeFormat(this.locale, { year: "numeric", month: "long", day: "numeric" }));
  readonly #full = $derived(new Intl.DateTimeFormat(this.locale, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" }));
  readonly #exact = $derived(new Intl.DateTimeFormat(this.locale, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" }));

  time(ms: number): string {
    return this.#clock.format(ms);
  }

  /** To the minute, or `exact` to the second. */
  moment(ms: number, exact = false): string {
    return (exact ? this.#exact : this.#full).format(ms);
  }

  /** A day line: today and yesterday by name, this year without the year. */
  day(ms: number, today: number): string {
    const days = Math.round((startOfDay(today) - startOfDay(ms)) / 86_400_000);
    if (days === 0) return words(this.locale, "timeline.today");
    if (days === 1) return words(this.locale, "timeline.yesterday");
    const sameYear = new Date(ms).getFullYear() === new Date(today).getFullYear();
    return (sameYear ? this.#day : this.#dayOfYear).format(ms);
  }
}

function startOfDay(ms: number): number {
  return new Date(ms).setHours(0, 0, 0, 0);
}

export const language = new Language();

export const t = (key: Key, params?: Params): string => words(language.locale, key, params);
export const tCode = (family: "error" | "why" | "notice" | "failure", code: string, params?: Params): string => wordsForCode(language.locale, family, code, params);
export const tParts = (key: Key): Part[] => sentenceParts(language.locale, key);
