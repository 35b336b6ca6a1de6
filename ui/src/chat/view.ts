// The moving part of the timeline's view: sticks to the end, holds still, asks for more at the edges. Reads and writes one scrolling element.
import type { Timeline } from "../state/timeline.svelte";
import { Anchor } from "./anchor";

/** Nearer to the end than this counts as at the end. */
const END_PX = 40;
/** More is fetched when less than this many screens are left. */
const EDGE_SCREENS = 1.5;
/** A small movement up that stops near the end was no wish to read back. */
const SETTLE_MS = 150;
/** Where the unread line comes to stand, in parts of the view's height. */
const LINE_AT = 0.25;
const SMALLEST_ROW_PX = 22;

export class View {
  readonly #anchor = new Anchor();
  readonly #scroller: HTMLElement;
  readonly #list: HTMLElement;
  readonly #timeline: Timeline;
  #lastTop = 0;
  #lastScrollHeight = 0;
  #width = 0;
  #height = 0;
  #settle: ReturnType<typeof setTimeout> | undefined;

  constructor(scroller: HTMLElement, list: HTMLElement, timeline: Timeline) {
    this.#scroller = scroller;
    this.#list = list;
    this.#timeline = timeline;
  }

  /** Watches sizes, selection and scrolling until the returned call. */
  watch(): () => void {
    const sizes = new ResizeObserver(() => this.#resized());
    sizes.observe(this.#scroller);
    sizes.observe(this.#list);
    const selection = () => this.#selected();
    document.addEventListener("selectionchange", selection);
    return () => {
      sizes.disconnect();
      clearTimeout(this.#settle);
      document.removeEventListener("selectionchange", selection);
    };
  }

  /** Before rows change. */
  before(): void {
    if (this.#timeline.following || this.#timeline.goal !== null) return;
    if (this.#isResized()) this.#resized();
    this.#anchor.take(this.#scroller, this.#list);
  }

  /** After rows changed. */
  after(): void {
    const { goal } = this.#timeline;
    if (goal === "line" && this.#bring(this.#list.querySelector(".unread"))) this.#timeline.goal = null;
    else if (goal === "row" && this.#bring(this.#rowOf(this.#timeline.found))) this.#timeline.goal = null;
    else if (goal !== null) {
      this.#timeline.goal = null;
      this.#stick();
    } else this.#place();
    this.#askForMore();
  }

  scrolled(): void {
    // A resize moves the view before it is observed: put it back first, it is not a wish.
    if (this.#isResized()) return this.#resized();
    const { scrollTop } = this.#scroller;
    // Nor is what rows that grew or shrank did to it, or what we did ourselves.
    if (this.#timeline.following && this.#scroller.scrollHeight !== this.#lastScrollHeight) return this.#stick();
    if (scrollTop === this.#lastTop) return;
    const rest = this.#rest();
    clearTimeout(this.#settle);
    if (rest <= 1 || (rest <= END_PX && scrollTop >= this.#lastTop)) this.#arrivedAtEnd();
    // So little, unannounced, is what a row does that shrinks and grows again: the view is put back, later, and follows on.
    else if (this.#timeline.following && rest <= END_PX) this.#settle = setTimeout(() => this.#timeline.following && this.#stick(), SETTLE_MS);
    else if (scrollTop < this.#lastTop) {
      this.#timeline.hold();
      this.#settle = setTimeout(() => this.#rest() <= END_PX && this.#arrivedAtEnd(), SETTLE_MS);
    }
    this.#remember();
    this.#anchor.take(this.#scroller, this.#list);
    this.#askForMore();
  }

  /** Someone begins to move up: stop following before the next rows pull the view down again. */
  movingUp(): void {
    if (this.#scroller.scrollTop > 0) this.#timeline.hold();
  }

  #place(): void {
    if (this.#timeline.following) this.#stick();
    else this.#anchor.restore(this.#scroller, this.#list);
    this.#remember();
  }

  #remember(): void {
    this.#lastTop = this.#scroller.scrollTop;
    this.#lastScrollHeight = this.#scroller.scrollHeight;
  }

  #isResized(): boolean {
    return this.#scroller.clientWidth !== this.#width || this.#scroller.clientHeight !== this.#height;
  }

  #stick(): void {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#remember();
  }

  #rowOf(key: string | null): Element | null {
    return [...this.#list.children].find((row) => (row as HTMLElement).dataset["row"] === key) ?? null;
  }

  #bring(line: Element | null): boolean {
    if (!line) return false;
    const from = line.getBoundingClientRect().top - this.#scroller.getBoundingClientRect().top;
    this.#scroller.scrollTop += from - this.#scroller.clientHeight * LINE_AT;
    this.#remember();
    if (this.#rest() > END_PX) this.#timeline.hold();
    this.#anchor.take(this.#scroller, this.#list);
    return true;
  }

  #resized(): void {
    this.#width = this.#scroller.clientWidth;
    this.#height = this.#scroller.clientHeight;
    this.#timeline.screenRows = Math.ceil(this.#height / SMALLEST_ROW_PX) + 8;
    // The remembered rows stay remembered through all steps of a resize, or each step would lose a little.
    this.#place();
    this.#askForMore();
  }

  #selected(): void {
    const selection = document.getSelection();
    if (selection && !selection.isCollapsed && this.#list.contains(selection.anchorNode)) this.#timeline.hold();
    else if (!this.#timeline.following && this.#rest() <= END_PX) this.#arrivedAtEnd();
  }

  #arrivedAtEnd(): void {
    const selection = document.getSelection();
    if (selection && !selection.isCollapsed && this.#list.contains(selection.anchorNode)) return;
    if (this.#timeline.hasNewer) void this.#timeline.newer();
    else this.#timeline.follow();
  }

  #askForMore(): void {
    const near = this.#scroller.clientHeight * EDGE_SCREENS;
    if (this.#scroller.clientHeight === 0) return;
    if (this.#scroller.scrollTop < near && this.#timeline.hasOlder && !this.#isFlooded()) void this.#timeline.older(Date.now());
    if (this.#rest() < near && this.#timeline.hasNewer) void this.#timeline.newer();
  }

  /** While following and full, what is above comes back when someone scrolls up. */
  #isFlooded(): boolean {
    return this.#timeline.following && this.#scroller.scrollHeight > this.#scroller.clientHeight * 2;
  }

  #rest(): number {
    const { scrollHeight, clientHeight, scrollTop } = this.#scroller;
    return scrollHeight - clientHeight - scrollTop;
  }
}
