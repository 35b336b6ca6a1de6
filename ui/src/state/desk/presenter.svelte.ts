// The present window: what it shows, and its few keys.
import type { Bridge } from "../../bridge/bridge";
import type { Presented, PresentStep, Settings } from "../../bridge/dto";
import { language } from "../../i18n/language.svelte";

const KEYS: Readonly<Record<string, PresentStep>> = { ArrowRight: "next", " ": "next", PageDown: "next", ArrowLeft: "back", PageUp: "back", b: "blank", B: "blank", q: "qr", Q: "qr", "+": "bigger", "=": "bigger", "-": "smaller" };

export class Presenter {
  theme = $state<Settings["theme"]>("system");
  shown = $state.raw<Presented | null>(null);
  readonly #bridge: Bridge;
  #asking = false;
  #again = false;

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  async start(): Promise<void> {
    const boot = await this.#bridge.boot(0);
    this.#adopt(boot.settings, boot.systemLocale);
    await Promise.all([this.#bridge.listen("settings", (settings) => this.#adopt(settings, boot.systemLocale)), this.#bridge.listen("tick", () => void this.look())]);
    await this.look();
  }

  #adopt(settings: Settings, systemLocale: string): void {
    this.theme = settings.theme;
    language.choose(settings.locale, systemLocale);
  }

  /** However many ticks come, one question is under way. */
  async look(): Promise<void> {
    this.#again = this.#asking;
    if (this.#asking) return;
    this.#asking = true;
    this.shown = await this.#bridge.desk.presented().catch(() => this.shown);
    this.#asking = false;
    if (this.#again) await this.look();
  }

  key(event: KeyboardEvent): void {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = KEYS[event.key];
    const room = this.shown?.room ?? "";
    if (event.key === "Escape") void this.#bridge.desk.present(room, false).catch(() => undefined);
    else if (step) void this.#step(step);
    else return;
    event.preventDefault();
  }

  async #step(step: PresentStep): Promise<void> {
    await this.#bridge.desk.presentStep(this.shown?.room ?? "", step).catch(() => undefined);
    await this.look();
  }
}
