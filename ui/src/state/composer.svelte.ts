// What one person is writing into one room: the text, whether it is a question, and that it is kept until the backend has it.
import { asAppError, type Bridge } from "../bridge/bridge";
import type { AppError, Draft as Kept, SendMode } from "../bridge/dto";
import { Draft, joined } from "./draft";

export class Composer {
  text = $state("");
  mode = $state<SendMode>("message");
  busy = $state(false);
  error = $state<AppError | null>(null);
  /** Nothing to send yet: the button offers to ask. */
  readonly empty = $derived(this.text.trim() === "");

  readonly room: string;
  readonly #bridge: Bridge;
  readonly #draft: Draft<Kept>;
  #modeChosen = false;

  constructor(room: string, bridge: Bridge) {
    this.room = room;
    this.#bridge = bridge;
    this.#draft = new Draft({
      read: () => bridge.draft(room),
      keep: () => bridge.setDraft(room, this.text, this.mode),
      take: (kept) => this.#take(kept),
    });
  }

  /** Brings back what was being written; what was begun meanwhile stands below it. */
  restore(): Promise<void> {
    return this.#draft.restore();
  }

  #take({ text, mode }: Kept): void {
    // What travels must stay at the beginning, from which it is taken once it is sent.
    this.text = this.busy ? joined(this.text, text) : joined(text, this.text);
    if (!this.#modeChosen) this.mode = mode;
  }

  type(text: string): void {
    this.text = text;
    this.error = null;
    this.#draft.changed();
  }

  setMode(mode: SendMode): void {
    if (this.mode === mode) return;
    this.mode = mode;
    this.#modeChosen = true;
    this.#draft.changed();
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
    if (this.text.startsWith(text)) this.text = this.text.slice(text.length).replace(/^\n/, "");
    this.mode = "message";
    this.#draft.changed();
    await this.keepNow();
    return true;
  }

  /** Writes the draft at once: the room is left, the window hides, or the text was sent. */
  keepNow(): Promise<void> {
    return this.#draft.keepNow();
  }
}
