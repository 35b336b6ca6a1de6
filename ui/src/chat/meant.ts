// Which row a key is about, where it is about one: that of the focus, or the one that is pointed at, whichever of the two was used last.

export class Meant {
  readonly #scroller: HTMLElement;
  readonly #list: HTMLElement;
  #under: HTMLElement | null = null;
  #byPointer = false;
  #last = "";

  constructor(scroller: HTMLElement, list: HTMLElement) {
    this.#scroller = scroller;
    this.#list = list;
  }

  /** The pointer came over something, or left the rows. */
  over(target: EventTarget | null): void {
    this.#under = target instanceof Element ? target.closest<HTMLElement>("[data-row]") : null;
  }

  moved(x: number, y: number): void {
    // Rows that move under a resting pointer make events, too.
    const place = `${x} ${y}`;
    if (place === this.#last) return;
    this.#byPointer ||= this.#last !== "";
    this.#last = place;
  }

  /** A row has the focus, and whether it was by keys. */
  focused(byKeys: boolean): void {
    if (byKeys) this.#byPointer = false;
  }

  /** Nothing that is out of sight is meant. */
  get row(): HTMLElement | null {
    const { activeElement } = document;
    const focused = activeElement && this.#list.contains(activeElement) ? activeElement.closest<HTMLElement>("[data-row]") : null;
    // A list that is not drawn has nothing under the pointer, whatever was there.
    const pointed = this.#under && this.#list.contains(this.#under) && this.#under.getBoundingClientRect().height > 0 ? this.#under : null;
    const [first, second] = this.#byPointer ? [pointed, focused] : [focused, pointed];
    return [first, second].find((row) => row && this.#isInView(row)) ?? null;
  }

  #isInView(row: Element): boolean {
    const [view, here] = [this.#scroller.getBoundingClientRect(), row.getBoundingClientRect()];
    return here.bottom >= view.top && here.top <= view.bottom;
  }
}
