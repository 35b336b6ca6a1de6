// The present window: what it shows, and its few keys.
import type { Bridge } from "../../bridge/bridge";
import type { Presented, PresentStep, Settings } from "../../bridge/dto";
import { language } from "../../i18n/language.svelte";
import { presentKeys } from "./presentKeys";

const stepOf = (key: string): PresentStep | "close" | undefined => presentKeys.find(({ keys }) => keys.includes([...key].length === 1 ? key.toLowerCase() : key))?.step;

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
    const step = stepOf(event.key);
    const room = this.shown?.room ?? "";
    if (step === "close") void this.#bridge.desk.present(room, false).catch(() => undefined);
    else if (step) void this.#step(step);
    else return;
    event.preventDefault();
  }

  async #step(step: PresentStep): Promise<void> {
    await this.#bridge.desk.presentStep(this.shown?.room ?? "", step).catch(() => undefined);
    await this.look();
  }
}
