// The window that the page stands in: which of the two it is, whether it stays on top, whether it shows rows alone.
import type { Bridge } from "../bridge/bridge";
import type { WindowLook } from "../bridge/dto";

export class RoomWindow {
  look = $state.raw<WindowLook>({ pinned: false, bare: false, canPin: true, canLetThrough: true, view: "" });
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

  other(): Promise<void> {
    return this.#bridge.window.show(this.side ? "main" : "side");
  }
}
