// The language and the theme in force, as the device has them or as somebody chose; components repaint when they change.
import { en, type Key, type Words } from "./en";
import { zhCN } from "./zh-CN";

export type Locale = "en" | "zh-CN";
export type Theme = "system" | "light" | "dark";
export type Params = Record<string, string | number>;

const catalogues: Record<Locale, Record<Key, Words>> = { en, "zh-CN": zhCN };
const isoTime: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

class Look {
  locale = $state<Locale>("en");
  theme = $state<Theme>("system");
  readonly #clock = $derived(new Intl.DateTimeFormat(this.locale, isoTime));
  readonly #day = $derived(new Intl.DateTimeFormat(this.locale, { weekday: "long", month: "long", day: "numeric" }));
  readonly #plural = $derived(new Intl.PluralRules(this.locale));

  /** What was chosen here before, else what the device speaks. */
  start(): void {
    const [locale, theme] = [kept("locale"), kept("theme")];
    this.speak(locale === "en" || locale === "zh-CN" ? locale : /^zh(?![a-z])/i.test(navigator.language) ? "zh-CN" : "en");
    this.dress(theme === "light" || theme === "dark" ? theme : "system");
  }

  speak(locale: Locale): void {
    this.locale = locale;
    document.documentElement.lang = locale;
  }

  dress(theme: Theme): void {
    this.theme = theme;
    if (theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
  }

  choose(what: "locale" | "theme", value: Locale | Theme): void {
    if (what === "locale") this.speak(value as Locale);
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

  /** A day: today and yesterday by name. */
  day(ms: number, now: number): string {
    const days = Math.round((midnight(now) - midnight(ms)) / 86_400_000);
    return days === 0 ? t("rows.today") : days === 1 ? t("rows.yesterday") : this.#day.format(ms);
  }

  words(key: Key, params: Params): string {
    const found = catalogues[this.locale][key];
    const form = typeof found === "string" ? found : this.#plural.select(Number(params["n"])) === "one" ? (found.one ?? found.other) : found.other;
    return form.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
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
export function parts(key: Key): ({ text: string } | { slot: string })[] {
  const pieces = look.words(key, {}).split(/(\{\w+\})/);
  return pieces.filter((piece) => piece !== "").map((piece) => (piece.startsWith("{") ? { slot: piece.slice(1, -1) } : { text: piece }));
}
