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

  /** Something changed: a pull follows in the next frame, or after the one under way. */
  poke(): void {
    if (this.#asked || !this.#frames.visible()) return;
    this.#asked = true;
    if (!this.#busy) this.#schedule();
  }

  #schedule(): void {
    this.#busy = true;
    this.#frames.next(() => void this.#beat());
  }

  async #beat(): Promise<void> {
    this.#asked = false;
    try {
      await this.#pull();
    } finally {
      this.#busy = false;
      if (this.#asked) this.#schedule();
    }
  }
}
