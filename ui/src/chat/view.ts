// The moving part of the timeline's view: sticks to the end, holds still, asks for more at the edges. Reads and writes one scrolling element.
import type { Stand } from "../bridge/dto";
import { onceDrawn } from "../state/onceDrawn";
import { ECHO_PLACE } from "../state/stretch";
import type { Timeline } from "../state/timeline.svelte";
import { Anchor } from "./anchor";
import { Hover } from "./hover";

/** Nearer to the end than this counts as at the end. */
const END_PX = 40;
/** More is fetched when less than this many screens are left. */
const EDGE_SCREENS = 1.5;
/** A small movement up that stops near the end was no wish to read back. */
const SETTLE_MS = 150;
/** Where the unread line comes to stand, in parts of the view's height. */
const LINE_AT = 0.25;
const SMALLEST_ROW_PX = 22;
/** What takes the focus in a row: what was said, and what muted rows are folded to. */
export const STOPS = "article, .muted";

export class View {
  readonly #anchor: Anchor;
  readonly #hover: Hover;
  readonly #scroller: HTMLElement;
  readonly #list: HTMLElement;
  /** Room below the last row, where a held view would otherwise slide down. */
  readonly #tail: HTMLElement;
  readonly #timeline: Timeline;
  readonly #drawRest: () => boolean;
  #tailHeight = 0;
  #bySelection = false;
  #lastTop = 0;
  #lastScrollHeight = 0;
  #width = 0;
  #height = 0;
  /** Once the first rows are on the screen, more may be asked for. */
  #drawn: "not yet" | "soon" | "yes" = "not yet";
  #settle: ReturnType<typeof setTimeout> | undefined;

  /** `drawRest` draws what the first picture left out; false where that was nothing. */
  constructor(scroller: HTMLElement, list: HTMLElement, tail: HTMLElement, timeline: Timeline, drawRest: () => boolean = () => false) {
    this.#scroller = scroller;
    this.#list = list;
    this.#tail = tail;
    this.#timeline = timeline;
    this.#drawRest = drawRest;
    this.#anchor = new Anchor(timeline.stood);
    this.#hover = new Hover(
      () => timeline.following && (this.#hold(), true),
      () => !this.#isSelected() && void timeline.toEnd(),
    );
  }

  /** Watches sizes, selection and scrolling until the returned call. */
  watch(): () => void {
    const sizes = new ResizeObserver(() => this.#resized());
    sizes.observe(this.#scroller);
    sizes.observe(this.#list);
    const selection = () => this.#selected();
    document.addEventListener("selectionchange", selection);
    this.#timeline.stand = () => this.#stand();
    return () => {
      this.#timeline.stood = this.#anchor.marks;
      this.#timeline.stand = () => null;
      sizes.disconnect();
      this.#hover.forget();
      clearTimeout(this.#settle);
      document.removeEventListener("selectionchange", selection);
    };
  }

  /** Before rows change. */
  before(): void {
    if (this.#timeline.following || this.#timeline.goal !== null) return;
    // Rows may have another height already, and nobody has seen it yet: what was remembered still counts.
    if (this.#isResized() || this.#scroller.scrollHeight !== this.#lastScrollHeight) this.#resized();
    // By the same row as before, or sizes that change to and fro would lead away from it.
    this.#take(this.#anchor.first);
  }

  /** After rows changed. */
  after(): void {
    const { goal } = this.#timeline;
    if (typeof goal === "object" && goal !== null) {
      this.#standAt(goal);
      this.#timeline.goal = null;
    } else if (goal === "line" && this.#bring(this.#list.querySelector(".unread"))) this.#timeline.goal = null;
    else if (goal === "row" && this.#bring(this.#rowOf(this.#timeline.found))) this.#timeline.goal = null;
    else if (goal !== null) {
      this.#timeline.goal = null;
      this.#stick();
    } else this.#place();
    if (this.#drawn === "not yet" && this.#timeline.loaded) this.#whenDrawn();
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
    // The first step of a smooth way up may be a single pixel: only a way down arrives.
    if (rest <= END_PX && scrollTop > this.#lastTop) this.#arrivedAtEnd();
    // So little, unannounced, is what a row does that shrinks and grows again: the view is put back, later, and follows on.
    else if (this.#timeline.following && rest <= END_PX) this.#settle = setTimeout(() => this.#timeline.following && this.#stick(), SETTLE_MS);
    else if (scrollTop < this.#lastTop) {
      this.#hover.forget();
      this.#hold();
      this.#settle = setTimeout(() => this.#rest() <= END_PX && !this.#isOnRow() && this.#arrivedAtEnd(), SETTLE_MS);
    }
    // Wherever somebody scrolls to, the rows there are what they look at.
    if (!this.#timeline.loadingAround) this.#timeline.around = null;
    this.#remember();
    this.#take(this.#selectedInView());
    this.#askForMore();
  }

  /** The pointer moved over the rows, and the person chose for how long that holds them. */
  pointed(x: number, y: number, freezeMs: number): void {
    this.#hover.moved(x, y, freezeMs);
  }

  pointerLeft(): void {
    this.#hover.left();
  }

  /** The last row that can be read whole, for who says that they have read so far. */
  lastWhole(): string | null {
    const edge = this.#scroller.getBoundingClientRect().bottom;
    const whole = [...this.#list.children].findLast((row) => row.getBoundingClientRect().bottom <= edge + 0.5);
    return (whole as HTMLElement | undefined)?.dataset["row"] ?? null;
  }

  /** Someone begins to move up: stop following before the next rows pull the view down again. */
  movingUp(): void {
    this.#hover.forget();
    if (this.#scroller.scrollTop > 0) this.#hold();
  }

  /** The last row has the focus: whoever scrolled there would be there, too. */
  atLast(): void {
    if (this.#rest() <= END_PX) this.#arrivedAtEnd();
  }

  /** Where the reader stands, unless that is the end. */
  #stand(): Stand | null {
    if (this.#timeline.following) return null;
    // Out of sight nothing can be measured: what was remembered still counts.
    if (this.#scroller.clientHeight > 0) this.before();
    const places = new Map(this.#timeline.items.map(({ row }) => [row.key, row.place]));
    for (const { key, top } of this.#anchor.marks) {
      const place = places.get(key);
      if (place !== undefined && place < ECHO_PLACE) return { key, place, top, after: this.#timeline.fresh.after };
    }
    return null;
  }

  /** Puts a row where it stood; if it is folded away now, or gone, the one before it stands there. */
  #standAt({ key, place, top }: Stand): void {
    const { items } = this.#timeline;
    const item = items.find(({ row }) => row.key === key) ?? items.findLast(({ row }) => row.place <= place) ?? items[0];
    if (item) this.#anchor.hold({ key: item.row.key, top });
    this.#place();
  }

  /** Holds still, by the row that is looked at: what is selected, else what has the focus by keys, else what is pointed at, else the first. */
  #hold(): void {
    if (!this.#timeline.following) return;
    this.#take(this.#selectedInView() ?? (this.#list.querySelector(":focus-visible") ?? this.#list.querySelector(":scope > :hover"))?.closest<HTMLElement>("[data-row]")?.dataset["row"] ?? null);
    this.#timeline.hold(this.#anchor.first);
  }

  /** The row in which the selection begins, unless it was scrolled away. */
  #selectedInView(): string | null {
    if (!this.#isSelected()) return null;
    const row = document.getSelection()?.anchorNode?.parentElement?.closest<HTMLElement>("[data-row]");
    if (!row) return null;
    const [view, here] = [this.#scroller.getBoundingClientRect(), row.getBoundingClientRect()];
    return here.bottom > view.top && here.top < view.bottom ? (row.dataset["row"] ?? null) : null;
  }

  #take(chosen: string | null = null): void {
    this.#anchor.take(this.#scroller, this.#list, this.#timeline.around ?? chosen);
  }

  #place(): void {
    if (this.#timeline.following) this.#stick();
    else {
      const short = this.#anchor.restore(this.#scroller, this.#list);
      if (short > 0) {
        this.#setTail(this.#tailHeight + Math.ceil(short));
        this.#anchor.restore(this.#scroller, this.#list);
      } else if (this.#tailHeight > 0) this.#setTail(Math.max(0, this.#tailHeight - this.#below()));
    }
    this.#remember();
  }

  #setTail(height: number): void {
    if (height === this.#tailHeight) return;
    this.#tailHeight = height;
    this.#tail.style.setProperty("height", `${height}px`);
  }

  #remember(): void {
    this.#lastTop = this.#scroller.scrollTop;
    this.#lastScrollHeight = this.#scroller.scrollHeight;
  }

  #isResized(): boolean {
    return this.#scroller.clientWidth !== this.#width || this.#scroller.clientHeight !== this.#height;
  }

  #stick(): void {
    this.#anchor.forget();
    this.#setTail(0);
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
    this.#take();
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
    if (this.#isSelected()) {
      this.#hover.forget();
      this.#bySelection ||= this.#timeline.following;
      this.#hold();
      this.#take(this.#selectedInView());
    } else if (this.#bySelection) {
      this.#bySelection = false;
      if (!this.#timeline.following && this.#rest() <= END_PX) this.#arrivedAtEnd();
    }
  }

  #isSelected(): boolean {
    const selection = document.getSelection();
    return selection !== null && !selection.isCollapsed && this.#list.contains(selection.anchorNode);
  }

  /** Whoever went to a row above the last by keys is there on purpose. */
  #isOnRow(): boolean {
    const { activeElement } = document;
    if (activeElement === null || !this.#list.contains(activeElement)) return false;
    // Muted rows behind it have nothing to go to.
    return [...this.#list.querySelectorAll(STOPS)].at(-1)?.parentElement?.contains(activeElement) === false;
  }

  #arrivedAtEnd(): void {
    if (this.#hover.holds || this.#isSelected()) return;
    if (this.#timeline.hasNewer) void this.#timeline.newer();
    else this.#timeline.follow();
  }

  #whenDrawn(): void {
    this.#drawn = "soon";
    void onceDrawn().then(() => {
      this.#drawn = "yes";
      if (!this.#drawRest()) this.#askForMore();
    });
  }

  #askForMore(): void {
    if (this.#drawn !== "yes") return;
    const near = this.#scroller.clientHeight * EDGE_SCREENS;
    if (this.#scroller.clientHeight === 0) return;
    if (this.#scroller.scrollTop < near && this.#timeline.hasOlder && !this.#isFlooded()) void this.#timeline.older(performance.now());
    if (this.#rest() < near && this.#timeline.hasNewer) void this.#timeline.newer();
  }

  /** While following and full, what is above comes back when someone scrolls up. */
  #isFlooded(): boolean {
    return this.#timeline.following && this.#scroller.scrollHeight > this.#scroller.clientHeight * 2;
  }

  /** How far the last row's end is below the view. */
  #rest(): number {
    return this.#below() - this.#tailHeight;
  }

  #below(): number {
    const { scrollHeight, clientHeight, scrollTop } = this.#scroller;
    return scrollHeight - clientHeight - scrollTop;
  }
}
