// The keys that work while another program has the keyboard: chosen by pressing them, refused with a reason.
import { asAppError, type Bridge } from "../bridge/bridge";
import type { AppError, HotkeyAction, Hotkeys as Chosen } from "../bridge/dto";
import { globalChord, readChord, type Press } from "./chord";

export class Hotkeys {
  chosen = $state.raw<Chosen | null>(null);
  /** Whose key is pressed next. */
  waiting = $state<HotkeyAction | null>(null);
  failed = $state.raw<{ action: HotkeyAction; error: AppError } | null>(null);
  readonly #bridge: Bridge;

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  /** What is chosen; a key that was given elsewhere meanwhile is known at once. */
  async load(given: string | null = null): Promise<void> {
    this.chosen = await this.#bridge.window.hotkeys().catch(() => null);
    if (given !== null && this.chosen !== null) this.chosen = { ...this.chosen, keys: { ...this.chosen.keys, clickThrough: given } };
  }

  ask(action: HotkeyAction): void {
    this.waiting = this.waiting === action ? null : action;
  }

  /** Takes a press for the action that waits; false for one that is none of its business. */
  press(press: Press & { readonly key: string }): boolean {
    const action = this.waiting;
    if (action === null || press.key === "Tab") return false;
    const plain = !press.ctrlKey && !press.altKey && !press.shiftKey && !press.metaKey;
    if (plain && press.key === "Escape") this.waiting = null;
    else if (plain && (press.key === "Backspace" || press.key === "Delete")) void this.choose(action, null);
    else {
      const chord = globalChord(press);
      if (chord !== null) void this.choose(action, chord);
    }
    return true;
  }

  async choose(action: HotkeyAction, key: string | null): Promise<void> {
    this.waiting = null;
    this.failed = null;
    try {
      await this.#bridge.window.chooseHotkey(action, key);
    } catch (thrown) {
      const { code, params } = asAppError(thrown);
      this.failed = { action, error: { code, params: { ...params, key: readChord(key ?? "") } } };
    }
    await this.load();
  }
}
