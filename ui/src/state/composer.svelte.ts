// What one person is writing into one room: the text, whether it is a question, and that it is kept until the backend has it.
import { asAppError, type Bridge } from "../bridge/bridge";
import type { AppError, SendMode } from "../bridge/dto";

const DRAFT_DEBOUNCE_MS = 300;

export class Composer {
  text = $state("");
  mode = $state<SendMode>("message");
  busy = $state(false);
  error = $state<AppError | null>(null);
  /** Nothing to send yet: the button offers to ask. */
  readonly empty = $derived(this.text.trim() === "");

  readonly room: string;
  readonly #bridge: Bridge;
  #touched = false;
  #draftTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(room: string, bridge: Bridge) {
    this.room = room;
    this.#bridge = bridge;
  }

  /** Brings back what was being written, unless writing has begun meanwhile. */
  async restore(): Promise<void> {
    const draft = await this.#bridge.draft(this.room);
    if (this.#touched) return;
    this.text = draft.text;
    this.mode = draft.mode;
  }

  type(text: string): void {
    this.text = text;
    this.error = null;
    this.#keepSoon();
  }

  setMode(mode: SendMode): void {
    if (this.mode === mode) return;
    this.mode = mode;
    this.#keepSoon();
  }

  /** Sends what is written. The field is cleared only when the backend has it. True when it has. */
  async submit(): Promise<boolean> {
    const { text, mode } = this;
    if (this.empty || this.busy) return false;
    this.busy = true;
    this.error = null;
    try {
      await this.#bridge.send(this.room, text, mode);
    } catch (thrown) {
      this.error = asAppError(thrown);
      return false;
    } finally {
      this.busy = false;
    }
    // What was typed while it travelled is the beginning of the next one.
    if (this.text.startsWith(text)) this.text = this.text.slice(text.length);
    this.mode = "message";
    this.#touched = true;
    await this.keepNow();
    return true;
  }

  /** Writes the draft at once: the room is left, the window hides, or the text was sent. */
  async keepNow(): Promise<void> {
    if (!this.#touched) return;
    clearTimeout(this.#draftTimer);
    this.#draftTimer = undefined;
    await this.#bridge.setDraft(this.room, this.text, this.mode).catch(() => undefined);
  }

  #keepSoon(): void {
    this.#touched = true;
    clearTimeout(this.#draftTimer);
    this.#draftTimer = setTimeout(() => void this.keepNow(), DRAFT_DEBOUNCE_MS);
  }
}
