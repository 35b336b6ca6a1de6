// Answers ticks: however many come, one pull at a time and at most one per frame, none while nobody can see.
export interface Frames {
  /** Calls once before the next paint. */
  next(call: () => void): void;
  visible(): boolean;
}

export const browserFrames: Frames = {
  next: (call) => void requestAnimationFrame(call),
  visible: () => document.visibilityState !== "hidden",
};

export class Pulse {
  #asked = false;
  #busy = false;
  readonly #pull: () => Promise<void>;
  readonly #frames: Frames;

  constructor(pull: () => Promise<void>, frames: Frames) {
    this.#pull = pull;
    this.#frames = frames;
  }

  /** Something changed: a pull follows at once, or after the one under way and the frame that it was for. */
  poke(): void {
    if (this.#asked || !this.#frames.visible()) return;
    this.#asked = true;
    if (!this.#busy) void this.#beat();
  }

  async #beat(): Promise<void> {
    this.#busy = true;
    while (this.#asked) {
      this.#asked = false;
      const frame = new Promise<void>((over) => this.#frames.next(over));
      await Promise.allSettled([this.#pull(), frame]);
    }
    this.#busy = false;
  }
}
