// Keeps what someone reads where it is: remembers where rows stand in the view, and puts the view back to them. (WebKit has no scroll anchoring.)
interface Mark {
  readonly key: string;
  readonly top: number;
}

/** Several rows are remembered, for the first may be the one that goes away. */
const MARKS = 12;

export class Anchor {
  #marks: readonly Mark[] = [];

  /** Remembers rows in the view, first those that begin in it: a row that is cut may change its height above the edge. */
  take(scroller: HTMLElement, list: HTMLElement): void {
    const edge = scroller.getBoundingClientRect().top;
    const rows = list.children;
    const whole: Mark[] = [];
    const cut: Mark[] = [];
    for (let i = firstBelow(rows, edge); i < rows.length && whole.length < MARKS; i++) {
      const row = rows[i] as HTMLElement;
      const top = row.getBoundingClientRect().top - edge;
      if (row.dataset["row"]) (top < -0.5 || top > scroller.clientHeight ? cut : whole).push({ key: row.dataset["row"], top });
    }
    this.#marks = [...whole, ...cut];
  }

  /** Scrolls so that the first remembered row that is still here stands where it stood. */
  restore(scroller: HTMLElement, list: HTMLElement): void {
    if (this.#marks.length === 0) return;
    const rows = new Map([...list.children].map((row) => [(row as HTMLElement).dataset["row"], row]));
    for (const { key, top } of this.#marks) {
      const row = rows.get(key);
      if (!row) continue;
      const moved = row.getBoundingClientRect().top - scroller.getBoundingClientRect().top - top;
      if (Math.abs(moved) >= 0.5) scroller.scrollTop += moved;
      return;
    }
  }
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
