// From row to row by keys: one row of the log takes the focus, and the view goes along.
import { tick } from "svelte";
import type { Timeline } from "../state/timeline.svelte";
import type { View } from "./view";

/** What of a screen a page moves by; the rest is there to find one's place. */
const PAGE = 0.9;
/** What takes the focus in a row: what was said, and what muted rows are folded to. */
const STOPS = "article, .muted";

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
    const stops = [...this.#list.querySelectorAll<HTMLElement>(STOPS)];
    const now = this.#now();
    const at = now === null ? -1 : stops.indexOf(now);
    if (key === "End") void this.#toEnd();
    else if (key === "Home") this.#go(stops[0]);
    else if (key === "ArrowUp" || key === "PageUp") {
      if (!this.#slide(now, -1)) this.#go(at < 0 ? this.#entry(stops) : stops[key === "ArrowUp" ? Math.max(0, at - 1) : this.#pageFrom(stops, at, -1)]);
    } else if (key === "ArrowDown" || key === "PageDown") {
      if (!this.#slide(now, 1)) this.#go(at < 0 ? this.#entry(stops) : stops[key === "ArrowDown" ? Math.min(stops.length - 1, at + 1) : this.#pageFrom(stops, at, 1)]);
    } else return false;
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

  /** Where the focus comes in: the last row that can be read whole. */
  #entry(stops: readonly HTMLElement[]): HTMLElement | undefined {
    const last = this.#view.lastWhole();
    return stops.findLast((stop) => (stop.parentElement as HTMLElement).dataset["row"] === last) ?? stops.at(-1);
  }

  #go(stop: HTMLElement | undefined): void {
    if (!stop) return;
    // Only the row of the focus is a stop: a click on another one is for its text.
    if (stop.tagName === "ARTICLE") stop.tabIndex = 0;
    stop.focus({ preventScroll: true });
    this.#bring(stop);
    if (stop.parentElement === this.#list.lastElementChild) this.#view.atLast();
  }

  /** Scrolls no further than it must. */
  #bring(stop: HTMLElement): void {
    const slot = stop.parentElement as HTMLElement;
    const [view, here] = [this.#scroller.getBoundingClientRect(), stop.getBoundingClientRect()];
    if (slot === this.#list.firstElementChild) this.#scroller.scrollTop = 0;
    else if (slot === this.#list.lastElementChild && here.height <= view.height) this.#scroller.scrollTop = this.#scroller.scrollHeight;
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
    if (document.activeElement === this.#scroller) this.#go([...this.#list.querySelectorAll<HTMLElement>(STOPS)].at(-1));
  }
}
