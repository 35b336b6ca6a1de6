// Keeps what someone reads where it is: remembers where rows stand in the view, and puts the view back to them. (WebKit has no scroll anchoring.)
import type { Mark } from "../state/layout";

/** Several rows are remembered, for the first may be the one that goes away. */
const MARKS = 12;

export class Anchor {
  #marks: readonly Mark[];

  constructor(marks: readonly Mark[] = []) {
    this.#marks = marks;
  }

  /** The row by which the view is held. */
  get first(): string | null {
    return this.#marks[0]?.key ?? null;
  }

  /** What is remembered, what holds the view first. */
  get marks(): readonly Mark[] {
    return this.#marks;
  }

  /** Holds a row at a height of one's choice. */
  hold(mark: Mark): void {
    this.#marks = [mark];
  }

  /** Nothing is held any more. */
  forget(): void {
    this.#marks = [];
  }

  /** Remembers rows in the view: `chosen` before all, then those that begin in it. A row that is cut may change its height above the edge. */
  take(scroller: HTMLElement, list: HTMLElement, chosen: string | null = null): void {
    const edge = scroller.getBoundingClientRect().top;
    const rows = list.children;
    const first: Mark[] = [];
    const whole: Mark[] = [];
    const cut: Mark[] = [];
    for (let i = firstBelow(rows, edge); i < rows.length && (whole.length < MARKS || (chosen !== null && first.length === 0)); i++) {
      const row = rows[i] as HTMLElement;
      const key = row.dataset["row"];
      const top = topOf(row) - edge;
      if (key) (key === chosen ? first : top < -0.5 || top > scroller.clientHeight ? cut : whole).push({ key, top });
    }
    this.#marks = [...first, ...whole, ...cut];
  }

  /** Scrolls so that the first remembered row that is still here stands where it stood; says by how much it can't. */
  restore(scroller: HTMLElement, list: HTMLElement): number {
    if (this.#marks.length === 0) return 0;
    const rows = new Map([...list.children].map((row) => [(row as HTMLElement).dataset["row"], row]));
    for (const { key, top } of this.#marks) {
      const row = rows.get(key);
      if (!row) continue;
      const moved = topOf(row) - scroller.getBoundingClientRect().top - top;
      if (Math.abs(moved) < 0.5) return 0;
      const wished = scroller.scrollTop + moved;
      scroller.scrollTop = wished;
      return wished - scroller.scrollTop;
    }
    return 0;
  }
}

/** Where the row itself begins: the lines that stand above it come and go. */
function topOf(row: Element): number {
  return (row.lastElementChild ?? row).getBoundingClientRect().top;
}

/** The first row whose lower edge is below `edge`; rows stand in order, so half of them at a time can be left out. */
function firstBelow(rows: HTMLCollection, edge: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.getBoundingClientRect().bottom ?? edge) > edge) high = middle;
    else low = middle + 1;
  }
  return low;
}
