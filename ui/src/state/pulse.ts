// Answers ticks: however many come, one pull at a time and at most one per frame (fewer where little of it would be drawn), none while nobody can see.
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

export class Pulse {
  #asked = false;
  #busy = false;
  readonly #pull: () => Promise<void>;
  readonly #frames: Frames;
  readonly #apart: () => number;

  /** `apart` says how far apart pulls are, in ms; 0: one a frame. */
  constructor(pull: () => Promise<void>, frames: Frames, apart: () => number) {
    this.#pull = pull;
    this.#frames = frames;
    this.#apart = apart;
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
      // Hidden meanwhile: whoever shows the page again pokes.
      if (!this.#frames.visible()) break;
      const apart = this.#apart();
      const frame = new Promise<void>((over) => (apart > 0 ? this.#frames.later(over, apart) : this.#frames.next(over)));
      await Promise.allSettled([this.#pull(), frame]);
    }
    this.#busy = false;
  }
}
