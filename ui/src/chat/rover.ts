// From row to row by keys: one row of the log takes the focus, and the view goes along.
import { tick } from "svelte";
import type { Timeline } from "../state/timeline.svelte";
import { STOPS, type View } from "./view";

/** What of a screen a page moves by; the rest is there to find one's place. */
const PAGE = 0.9;

export class Rover {
  readonly #scroller: HTMLElement;
  readonly #list: HTMLElement;
  readonly #timeline: Timeline;
  readonly #view: View;
  #wasHere = false;

  constructor(scroller: HTMLElement, list: HTMLElement, timeline: Timeline, view: View) {
    this.#scroller = scroller;
    this.#list = list;
    this.#timeline = timeline;
    this.#view = view;
  }

  /** Does what a key asks for; whether it asked for anything. */
  key(key: string): boolean {
    const stops = this.#stops();
    const now = this.#now();
    const at = now === null ? -1 : stops.indexOf(now);
    if (key === "End") void this.#toEnd();
    else if (key === "Home") this.#go(stops, 0);
    else if (key === "ArrowUp" || key === "PageUp") this.#step(stops, at, -1, key === "PageUp");
    else if (key === "ArrowDown" || key === "PageDown") this.#step(stops, at, 1, key === "PageDown");
    else return false;
    return true;
  }

  /** Before rows change. */
  before(): void {
    this.#wasHere = this.isHere;
  }

  /** Rows changed: where that of the focus is gone, or its node draws another, the log has the focus. False where it is nobody's any more. */
  settle(row: string): boolean {
    const has = this.#focusedRow();
    if (has === row) return true;
    // What leaves the page leaves the focus to nobody.
    if (has !== undefined || (this.#wasHere && document.activeElement === document.body)) {
      this.#scroller.tabIndex = 0;
      this.#scroller.focus({ preventScroll: true });
      return false;
    }
    return [...this.#list.children].some((slot) => (slot as HTMLElement).dataset["row"] === row);
  }

  /** Whether the focus is in a row. */
  get isHere(): boolean {
    return this.#focusedRow() !== undefined;
  }

  #focusedRow(): string | undefined {
    const { activeElement } = document;
    return activeElement && this.#list.contains(activeElement) ? activeElement.closest<HTMLElement>("[data-row]")?.dataset["row"] : undefined;
  }

  /** The stop that has the focus, itself or in what belongs to it. */
  #now(): HTMLElement | null {
    const { activeElement } = document;
    return activeElement && this.#list.contains(activeElement) ? activeElement.closest<HTMLElement>(STOPS) : null;
  }

  #stops(): HTMLElement[] {
    return [...this.#list.querySelectorAll<HTMLElement>(STOPS)];
  }

  #step(stops: readonly HTMLElement[], at: number, way: 1 | -1, page: boolean): void {
    // The first row is entered before one goes on from it; a page is a way at once, as it is where nothing has the focus.
    if (at < 0 && !page) return this.#enter(stops);
    const from = at < 0 ? this.#entry(stops) : at;
    if (this.#slide(stops[from] ?? null, way)) return;
    const to = page ? this.#pageFrom(stops, from, way) : Math.min(Math.max(0, from + way), stops.length - 1);
    if (to !== at || way < 0) return this.#go(stops, to);
    // The last one may be higher than the view: its end is where it leads to.
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#view.atLast();
  }

  /** Where the focus comes in: the last row that ends in the view, else the one that fills it. */
  #entry(stops: readonly HTMLElement[]): number {
    const view = this.#scroller.getBoundingClientRect();
    const ends = stops.findLastIndex((stop) => stop.getBoundingClientRect().bottom <= view.bottom + 0.5);
    const inView = (stops[ends]?.getBoundingClientRect().bottom ?? view.top) > view.top;
    const at = inView ? ends : stops.findLastIndex((stop) => stop.getBoundingClientRect().top < view.bottom);
    return at < 0 ? stops.length - 1 : at;
  }

  #enter(stops: readonly HTMLElement[]): void {
    const at = this.#entry(stops);
    // What is read of one that is higher than the view stays in it.
    if ((stops[at]?.getBoundingClientRect().height ?? 0) <= this.#scroller.clientHeight) return this.#go(stops, at);
    this.#focus(stops[at]);
    if (at === stops.length - 1) this.#view.atLast();
  }

  #go(stops: readonly HTMLElement[], to: number): void {
    const stop = stops[to];
    if (!stop) return;
    this.#focus(stop);
    this.#bring(stop, to === 0, to === stops.length - 1);
    if (to === stops.length - 1) this.#view.atLast();
  }

  #focus(stop: HTMLElement | undefined): void {
    if (!stop) return;
    // Only the row of the focus is a stop: a click on another one is for its text.
    if (stop.tagName === "ARTICLE") stop.tabIndex = 0;
    stop.focus({ preventScroll: true });
  }

  /** Scrolls no further than it must. */
  #bring(stop: HTMLElement, isFirst: boolean, isLast: boolean): void {
    const [view, here] = [this.#scroller.getBoundingClientRect(), stop.getBoundingClientRect()];
    if (isFirst) this.#scroller.scrollTop = 0;
    else if (isLast && here.height <= view.height) this.#scroller.scrollTop = this.#scroller.scrollHeight;
    else if (here.top < view.top || here.height > view.height) this.#scroller.scrollTop += here.top - view.top;
    else if (here.bottom > view.bottom) this.#scroller.scrollTop += here.bottom - view.bottom;
  }

  /** A row that is higher than the view is read to its end before the next one comes. */
  #slide(now: HTMLElement | null, way: 1 | -1): boolean {
    if (!now) return false;
    const [view, here] = [this.#scroller.getBoundingClientRect(), now.getBoundingClientRect()];
    const hidden = way > 0 ? here.bottom - view.bottom : view.top - here.top;
    if (here.height <= view.height || hidden < 1 || here.bottom < view.top || here.top > view.bottom) return false;
    this.#scroller.scrollTop += way * Math.min(hidden, view.height * PAGE);
    return true;
  }

  /** The row a screen away, and at least the next one. */
  #pageFrom(stops: readonly HTMLElement[], at: number, way: 1 | -1): number {
    const from = stops[at]?.getBoundingClientRect().top ?? 0;
    const far = this.#scroller.clientHeight * PAGE;
    let to = at;
    for (let next = at + way; next >= 0 && next < stops.length; next += way) {
      if (to !== at && Math.abs((stops[next]?.getBoundingClientRect().top ?? from) - from) > far) break;
      to = next;
    }
    return to;
  }

  async #toEnd(): Promise<void> {
    // What is loaded meanwhile may take the row of the focus away.
    this.#scroller.tabIndex = 0;
    this.#scroller.focus({ preventScroll: true });
    await this.#timeline.toEnd();
    await tick();
    // The view is there, and follows.
    if (document.activeElement === this.#scroller) this.#focus(this.#stops().at(-1));
  }
}
