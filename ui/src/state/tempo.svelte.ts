// How fast a room speaks: the figure that is shown, and whether anybody could still read it all. The rules take the time; the class keeps it.

/** The rate is that of the last seconds. */
const WINDOW_MS = 2_000;
const SLICE_MS = 250;
const LOOK_MS = 500;
/** From here on a figure says more than the rows. */
const METER = { on: 10, off: 6, onAfterMs: 1_000, offAfterMs: 2_000 };
/** Nobody reads more than this. */
const TOO_FAST = { on: 20, off: 12, onAfterMs: 3_000, offAfterMs: 3_000 };
const READABLE = 10;

/** Events a second over the last two, up to the last quarter that is over. */
export class Rate {
  #slices: { at: number; count: number }[] = [];

  add(count: number, now: number): void {
    const at = now - (now % SLICE_MS);
    const last = this.#slices.at(-1);
    if (last?.at === at) last.count += count;
    else this.#slices.push({ at, count });
  }

  /** Whether anything was added that a later look may still count. */
  get isBusy(): boolean {
    return this.#slices.length > 0;
  }

  at(now: number): number {
    const end = now - (now % SLICE_MS);
    this.#slices = this.#slices.filter((slice) => slice.at >= end - WINDOW_MS);
    return (this.#slices.reduce((sum, slice) => sum + (slice.at < end ? slice.count : 0), 0) * 1_000) / WINDOW_MS;
  }
}

/** On after being above a value for a while, off after being below a lower one: nothing flickers at a border. */
export class Gate {
  open = false;
  #since: number | null = null;
  readonly #rule: typeof METER;

  constructor(rule: typeof METER) {
    this.#rule = rule;
  }

  feed(value: number, now: number): boolean {
    const turns = this.open ? value < this.#rule.off : value >= this.#rule.on;
    if (!turns) this.#since = null;
    else if (this.#since === null) this.#since = now;
    else if (now - this.#since >= (this.open ? this.#rule.offAfterMs : this.#rule.onAfterMs)) {
      this.open = !this.open;
      this.#since = null;
    }
    return this.open;
  }
}

/** Of how many rows one is shown so that about ten a second are; stays where it is near a border. */
export function oneInFor(rate: number, before: number): number {
  const wished = rate / READABLE;
  return before > 1 && Math.abs(wished - before) <= 0.75 ? before : Math.max(2, Math.round(wished));
}

/** A figure that can be read while it changes. */
export function roundedRate(rate: number): number {
  return rate < 100 ? Math.round(rate) : Math.round(rate / 10) * 10;
}

export class Tempo {
  /** Rows a second, or null while the room is slow. */
  shown = $state<number | null>(null);
  /** Of so many rows one is to be shown. */
  oneIn = $state(1);

  /** Whether a fast room may be sampled at all. */
  sample = true;
  readonly #said = new Rate();
  readonly #worth = new Rate();
  readonly #meter = new Gate(METER);
  readonly #tooFast = new Gate(TOO_FAST);
  #all = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #readable: () => void;

  /** `readable` is called when every row is to be shown again. */
  constructor(readable: () => void = () => undefined) {
    this.#readable = readable;
  }

  /** So many rows came, of which so many had to be shown. */
  heard(said: number, worth: number, now: number): void {
    if (said === 0) return;
    this.#said.add(said, now);
    this.#worth.add(worth, now);
    this.#timer ??= setTimeout(() => this.#look(), LOOK_MS);
  }

  /** Somebody wants every row, until the room has been slow. */
  showAll(): void {
    this.#all = true;
    this.#take(1);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const now = performance.now();
    const said = this.#said.at(now);
    const worth = this.#worth.at(now);
    this.shown = this.#meter.feed(said, now) ? roundedRate(said) : null;
    if (!this.#tooFast.feed(worth, now)) this.#all = false;
    this.#take(this.#tooFast.open && this.sample && !this.#all ? oneInFor(worth, this.oneIn) : 1);
    const goesOn = this.#said.isBusy || this.#meter.open || this.#tooFast.open;
    this.#timer = goesOn ? setTimeout(() => this.#look(), LOOK_MS) : undefined;
  }

  #take(oneIn: number): void {
    const before = this.oneIn;
    this.oneIn = oneIn;
    if (before > 1 && oneIn === 1) this.#readable();
  }
}
