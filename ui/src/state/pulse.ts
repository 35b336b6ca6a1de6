// Answers ticks: however many come, one pull at a time; after one that brought more than a few rows, none in the same frame (fewer where little of it would be drawn); none while nobody can see.
export interface Frames {
  /** Calls once before the next paint. */
  next(call: () => void): void;
  later(call: () => void, ms: number): void;
  visible(): boolean;
}

export const browserFrames: Frames = {
  next: (call) => void requestAnimationFrame(call),
  later: (call, ms) => void setTimeout(call, ms),
  visible: () => document.visibilityState !== "hidden",
};

/** So few rows are drawn beside others of the same frame: what comes right after them is still in it. */
const FEW_ROWS = 2;

export class Pulse {
  #asked = false;
  #busy = false;
  readonly #pull: () => Promise<number>;
  readonly #frames: Frames;
  readonly #apart: () => number;

  /** `pull` says how many rows it brought; `apart` how far apart pulls are, in ms; 0: one a frame, or more of a few rows. */
  constructor(pull: () => Promise<number>, frames: Frames, apart: () => number) {
    this.#pull = pull;
    this.#frames = frames;
    this.#apart = apart;
  }

  /** Something changed: a pull follows at once, or after the one under way, or after the frame that it was for. */
  poke(): void {
    if (this.#asked || !this.#frames.visible()) return;
    this.#asked = true;
    if (!this.#busy) void this.#beat();
  }

  async #beat(): Promise<void> {
    this.#busy = true;
    while (this.#asked) {
      this.#asked = false;
      // Hidden meanwhile: whoever shows the page again pokes.
      if (!this.#frames.visible()) break;
      const apart = this.#apart();
      const frame = new Promise<void>((over) => (apart > 0 ? this.#frames.later(over, apart) : this.#frames.next(over)));
      const rows = await this.#pull().catch(() => 0);
      if (apart > 0 || rows === 0 || rows > FEW_ROWS) await frame;
    }
    this.#busy = false;
  }
}
