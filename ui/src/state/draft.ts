// What was begun and not sent, as it is kept: nothing is written before what is kept was read, for that may be more than stands in the field.
const DEBOUNCE_MS = 300;

/** Where a draft is kept, and the field that it stands in. */
export interface Place<T> {
  read(): Promise<T>;
  keep(): Promise<void>;
  /** What was kept belongs into the field; `begun`: in which something was written meanwhile. */
  take(kept: T, begun: boolean): void;
}

/** What was kept comes first, what was typed meanwhile stands below it. */
export function joined(kept: string, typed: string): string {
  if (kept === "" || typed.trim() === "") return kept === "" ? typed : kept;
  return kept === typed ? kept : `${kept}\n${typed}`;
}

export class Draft<T> {
  /** Something was written here. */
  begun = false;
  readonly #place: Place<T>;
  #known = false;
  #changed = false;
  #reading: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(place: Place<T>) {
    this.#place = place;
  }

  /** Brings back what is kept, once. Where it can't be had, the next that is to be kept asks again. */
  restore(): Promise<void> {
    this.#reading ??= this.#read().finally(() => (this.#reading = null));
    return this.#reading;
  }

  changed(): void {
    [this.begun, this.#changed] = [true, true];
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.keepNow(), DEBOUNCE_MS);
  }

  /** It is being sent: nothing is written until that is decided. */
  hold(): void {
    clearTimeout(this.#timer);
  }

  /** Writes what changed at once. */
  async keepNow(): Promise<void> {
    if (!this.#changed) return;
    await this.restore();
    clearTimeout(this.#timer);
    if (!this.#known) return;
    this.#changed = false;
    await this.#place.keep().catch(() => (this.#changed = true));
  }

  async #read(): Promise<void> {
    if (this.#known) return;
    try {
      const kept = await this.#place.read();
      this.#known = true;
      this.#place.take(kept, this.begun);
    } catch {
      return;
    }
    if (this.#changed) this.changed();
  }
}
