// What keeps this person from speaking for a time: what was said too fast has to wait, or a moderator lets them say nothing.

/** Sooner than this nobody asks again; and so long where no time was named. */
const SHORTEST_MS = 3_000;
/** Asked again at the latest after this: the room may have become faster meanwhile. */
const LONGEST_MS = 60_000;
/** No room is slower, and nobody is silenced for longer. */
const SLOWEST_MS = 3_600_000;
const SILENCE_MS = 30 * 86_400_000;

export class Pause {
  /** Until then the room takes nothing from this person; 0 where it does. */
  slowedUntil = $state(0);
  silencedUntil = $state(0);
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** Nothing is sent now. */
  get on(): boolean {
    return this.#timer !== null;
  }

  /** What was refused for a time goes out by itself after it. */
  begin(code: 429 | 503, waitMs: number | null, then: () => void): void {
    this.end();
    const asked = Math.min(Math.max(waitMs ?? 0, SHORTEST_MS), SLOWEST_MS);
    if (code === 429) this.slowedUntil = Date.now() + asked;
    this.#timer = setTimeout(() => {
      this.end();
      then();
    }, Math.min(asked, LONGEST_MS));
  }

  end(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.slowedUntil = 0;
  }

  /** Until when; 0 where no time was named: then it is no silence. */
  silence(waitMs: number | null): number {
    if (waitMs === null) return 0;
    return (this.silencedUntil = Date.now() + Math.min(waitMs, SILENCE_MS));
  }

  /** The room took something. */
  heard(): void {
    this.silencedUntil = 0;
  }
}
