// The time as the window shows it: seconds only while something counts down, otherwise the day.
export class Clock {
  now = $state(Date.now());
  #timer: ReturnType<typeof setInterval> | undefined;
  readonly today = $derived(new Date(this.now).setHours(0, 0, 0, 0));

  /** Ticks every second while `fast`, else once a minute for the sake of the day lines. */
  run(fast: boolean): () => void {
    this.now = Date.now();
    clearInterval(this.#timer);
    this.#timer = setInterval(() => (this.now = Date.now()), fast ? 1_000 : 60_000);
    return () => clearInterval(this.#timer);
  }
}
