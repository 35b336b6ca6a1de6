// The language and the theme in force, as the device has them or as somebody chose; components repaint when they change.
import languages from "virtual:words/audience";
import type en from "../../../locales/en.json";
import { cut, knows, nearest, say, MASTER, type Params, type Part } from "../../words/words";

export type Key = keyof (typeof en)["audience"];
export type Theme = "system" | "light" | "dark";

/** What a person may choose from, each by its own name. */
export const tongues = Object.entries(languages).map(([tag, { name }]) => ({ value: tag, text: name, lang: tag }));
const isoTime: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const SPANS = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000], ["second", 1_000]] as const;

class Look {
  locale = $state(MASTER);
  theme = $state<Theme>("system");
  readonly #clock = $derived(new Intl.DateTimeFormat(this.locale, isoTime));
  readonly #date = $derived(new Intl.DateTimeFormat(this.locale, { ...isoTime, month: "long", day: "numeric" }));
  readonly #day = $derived(new Intl.DateTimeFormat(this.locale, { weekday: "long", month: "long", day: "numeric" }));

  /** What was chosen here before, else what the device speaks. */
  start(): void {
    const [locale, theme] = [kept("locale"), kept("theme")];
    this.speak(locale !== null && knows(languages, locale) ? locale : nearest(languages, navigator.language));
    this.dress(theme === "light" || theme === "dark" ? theme : "system");
  }

  speak(locale: string): void {
    this.locale = locale;
    document.documentElement.lang = locale;
  }

  dress(theme: Theme): void {
    this.theme = theme;
    if (theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
  }

  choose(what: "locale" | "theme", value: string): void {
    if (what === "locale") this.speak(value);
    else this.dress(value as Theme);
    try {
      localStorage.setItem(`aside ${what}`, value);
    } catch {
      // Chosen for as long as the page is open, then.
    }
  }

  time(ms: number): string {
    return this.#clock.format(ms);
  }

  /** A time of today, or of another day by its date. */
  moment(ms: number, now: number): string {
    return midnight(ms) === midnight(now) ? this.time(ms) : this.#date.format(ms);
  }

  /** How long that is, as people say it, in one unit. */
  span(ms: number): string {
    const [unit, size] = SPANS.find(([, size]) => ms >= size) ?? SPANS[3];
    return new Intl.NumberFormat(this.locale, { style: "unit", unit, unitDisplay: "short" }).format(Math.ceil(ms / size));
  }

  /** A day: today and yesterday by name. */
  day(ms: number, now: number): string {
    const days = Math.round((midnight(now) - midnight(ms)) / 86_400_000);
    return days === 0 ? t("rows.today") : days === 1 ? t("rows.yesterday") : this.#day.format(ms);
  }

  words(key: Key, params: Params): string {
    // Most numbers here are names: of a guest, of a question.
    const shown = Object.entries(params).map(([name, value]) => [name, String(value)]);
    return say(languages, this.locale, key, Object.fromEntries(shown));
  }
}

export function midnight(ms: number): number {
  return new Date(ms).setHours(0, 0, 0, 0);
}

function kept(what: string): string | null {
  try {
    return localStorage.getItem(`aside ${what}`);
  } catch {
    return null;
  }
}

export const look = new Look();
export const t = (key: Key, params: Params = {}): string => look.words(key, params);

/** A sentence cut at its `{slots}`, for names that need an element of their own. */
export const parts = (key: Key): Part[] => cut(look.words(key, {}));
