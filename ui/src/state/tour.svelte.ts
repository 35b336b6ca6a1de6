// The tour: a few words about what is not found by itself. Shown once after the first room is there, and again on request; it never takes the focus from who writes.
import type { Key } from "../i18n/catalogue";
import type { Aside } from "./aside.svelte";

export interface Stop {
  /** What it is about, as the page marks it: `data-tour`. */
  readonly mark: string;
  readonly title: Key;
  readonly text: Key;
}

/** Narrower, a card would cover what it speaks of: the tour waits for a wider window. */
export const LEAST_WIDTH = 420;

const questions: Stop = { mark: "questions", title: "tour.questions", text: "tour.questions.text" };
const ask: Stop = { mark: "ask", title: "tour.ask", text: "tour.ask.text" };
const still: Stop = { mark: "still", title: "tour.still", text: "tour.still.text" };
const side: Stop = { mark: "side", title: "tour.side", text: "tour.side.text" };
const settings: Stop = { mark: "settings", title: "tour.settings", text: "tour.settings.text" };

export class Tour {
  readonly #aside: Aside;
  /** Whether it was shown before, in whichever start. */
  seen = $state(true);
  at = $state<number | null>(null);
  readonly stops: readonly Stop[] = $derived.by(() => {
    const { staffed } = this.#aside;
    return [staffed ? questions : ask, still, side, { mark: "help", title: "tour.help", text: staffed ? "tour.help.staff" : "tour.help.text" }, settings];
  });
  readonly stop = $derived(this.at === null ? null : (this.stops[this.at] ?? null));
  /** A room is there, in the window that has all of it, and nothing stands in front. */
  readonly due = $derived.by(() => {
    const aside = this.#aside;
    return !this.seen && !aside.window.side && !aside.window.look.bare && aside.sheet === null && aside.timeline?.loaded === true && aside.status !== null;
  });

  constructor(aside: Aside) {
    this.#aside = aside;
  }

  begin(): void {
    if (this.#aside.window.side) return;
    this.at = 0;
    if (this.seen) return;
    this.seen = true;
    // Where it can't be written down, the next start shows it again.
    void this.#aside.bridge.window.noteTour().catch(() => undefined);
  }

  /** To the next stop; after the last one it is over. */
  next(): void {
    if (this.at !== null) this.at = this.at + 1 < this.stops.length ? this.at + 1 : null;
  }

  back(): void {
    if (this.at !== null) this.at = Math.max(0, this.at - 1);
  }

  end(): void {
    this.at = null;
  }
}
