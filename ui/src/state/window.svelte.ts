// The window that the page stands in: which of the two it is, whether it stays on top, shows rows alone, lets clicks through.
import { asAppError, type Bridge } from "../bridge/bridge";
import type { AppError, WindowLook } from "../bridge/dto";
import { fixedFor } from "./desk/keys";

export class RoomWindow {
  look = $state.raw<WindowLook>({ pinned: false, bare: false, canPin: true, seeThrough: "possible", canClickThrough: true, clickThrough: false, clickThroughKey: null, view: "" });
  /** Why clicks do not go through, after they were to. */
  refused = $state.raw<AppError | null>(null);
  /** The narrow one, beside something else. */
  readonly side: boolean;
  readonly #bridge: Bridge;

  constructor(bridge: Bridge, label: string) {
    this.#bridge = bridge;
    this.side = label === "side";
  }

  pin(): Promise<void> {
    return this.#bridge.window.pin(!this.look.pinned);
  }

  strip(): Promise<void> {
    return this.#bridge.window.strip(!this.look.bare);
  }

  /** What a key does to the window: one takes it off the screen, one shows rows alone where that is offered. */
  keyFor(event: KeyboardEvent): (() => Promise<void>) | null {
    const key = fixedFor(event);
    if (key === "hide") return () => this.#bridge.hideWindow();
    return key === "strip" && (this.side || this.look.bare) ? () => this.strip() : null;
  }

  letClicksThrough(on: boolean): Promise<void> {
    return this.#bridge.window.letClicksThrough(on);
  }

  /** The same where there is a place to say why not; whether it was done. */
  async chooseClicksThrough(on: boolean): Promise<boolean> {
    this.refused = null;
    try {
      await this.letClicksThrough(on);
    } catch (thrown) {
      this.refused = asAppError(thrown);
    }
    return this.refused === null;
  }

  other(): Promise<void> {
    return this.#bridge.window.show(this.side ? "main" : "side");
  }
}
