// The view of the timeline: whose movement it is that takes the view away from the end.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { UNTIL_IT_LEAVES } from "../src/chat/hover";
import { View } from "../src/chat/view";
import type { Stand } from "../src/bridge/dto";
import type { Timeline } from "../src/state/timeline.svelte";

const VIEW = 600;

/** As much of a timeline as the view looks at. */
function fakeTimeline() {
  const timeline = {
    following: true,
    goal: null as string | Stand | null,
    stand: (): Stand | null => null,
    fresh: { after: 100 },
    items: [] as { row: { key: string; place: number } }[],
    hasOlder: false,
    hasNewer: false,
    screenRows: 0,
    around: null as string | null,
    loadingAround: false,
    hold: () => (timeline.following = false),
    follow: () => (timeline.following = true),
    toEnd: () => (timeline.following = true),
    newer: () => undefined,
    loaded: false,
    lookedAt: [] as number[],
    older: (now: number) => timeline.lookedAt.push(now),
  };
  return timeline;
}

/** A box of rows whose heights are what the test says: they stand below each other, and the position is bounded by them. */
function rowsBox(heights: readonly number[]) {
  const list = document.createElement("div");
  document.body.append(list);
  const all: { height: number; slot: HTMLElement }[] = [];
  const tail = { height: 0, style: { setProperty: (_: string, value: string) => (tail.height = Number.parseInt(value, 10)) } };
  let top = 0;
  const scroller = {
    clientHeight: VIEW,
    clientWidth: 300,
    get scrollHeight() {
      return Math.max(this.clientHeight, all.reduce((sum, row) => sum + row.height, 0) + tail.height);
    },
    get scrollTop() {
      return (top = Math.max(0, Math.min(top, this.scrollHeight - this.clientHeight)));
    },
    set scrollTop(wanted: number) {
      top = Math.max(0, Math.min(wanted, this.scrollHeight - this.clientHeight));
    },
    getBoundingClientRect: () => new DOMRect(0, 0, 300, scroller.clientHeight),
  };
  const add = (key: string, height: number, at = all.length) => {
    const slot = document.createElement("div");
    slot.dataset["row"] = key;
    const text = slot.appendChild(document.createElement("article")).appendChild(document.createElement("p"));
    text.textContent = `row ${key}`;
    const row = { height, slot };
    const rect = (): DOMRect => new DOMRect(0, all.slice(0, all.indexOf(row)).reduce((sum, { height }) => sum + height, 0) - scroller.scrollTop, 300, row.height);
    slot.getBoundingClientRect = rect;
    (slot.firstElementChild as HTMLElement).getBoundingClientRect = rect;
    list.insertBefore(slot, list.children[at] ?? null);
    all.splice(at, 0, row);
    return row;
  };
  heights.forEach((height, i) => add(String(i), height));
  const topOf = (key: string): number => all.find(({ slot }) => slot.dataset["row"] === key)?.slot.getBoundingClientRect().top ?? Number.NaN;
  const timeline = fakeTimeline();
  const view = new View(scroller as unknown as HTMLElement, list, tail as unknown as HTMLElement, timeline as unknown as Timeline);
  const unwatch = view.watch();
  view.scrolled();
  view.after();
  /** Rows change: as the component does it, before and after. */
  const change = (rows: () => void): void => {
    view.before();
    rows();
    view.after();
  };
  const leave = (): void => {
    unwatch();
    document.getSelection()?.removeAllRanges();
    list.remove();
  };
  const select = (key: string): void => {
    const text = all.find(({ slot }) => slot.dataset["row"] === key)?.slot.querySelector("p");
    if (text) document.getSelection()?.selectAllChildren(text);
    document.dispatchEvent(new Event("selectionchange"));
  };
  const deselect = (): void => {
    document.getSelection()?.removeAllRanges();
    document.dispatchEvent(new Event("selectionchange"));
  };
  return { all, list, scroller, tail, timeline, view, add, topOf, change, leave, select, deselect };
}

/** A box whose layout is what the test says, with a scroll position that the layout bounds. */
function fakeScroller(height: number) {
  const list = document.createElement("div");
  let top = 0;
  const scroller = {
    scrollHeight: height,
    clientHeight: VIEW,
    clientWidth: 300,
    get scrollTop() {
      return top;
    },
    set scrollTop(wanted: number) {
      top = Math.max(0, Math.min(wanted, this.scrollHeight - VIEW));
    },
    /** Rows grow or shrink, and the engine keeps the position inside. */
    grow(by: number) {
      this.scrollHeight += by;
      this.scrollTop = top;
    },
    getBoundingClientRect: () => new DOMRect(0, 0, 300, VIEW),
  };
  return { list, scroller, timeline: fakeTimeline() };
}

function start(height: number) {
  const box = fakeScroller(height);
  const view = new View(box.scroller as unknown as HTMLElement, box.list, document.createElement("div"), box.timeline as unknown as Timeline);
  view.scrolled();
  view.after();
  return { ...box, view };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a row that shrinks and grows again does not end the following", () => {
  const { scroller, timeline, view } = start(8_340);
  expect(scroller.scrollTop).toBe(8_340 - VIEW);
  scroller.grow(-20);
  scroller.grow(20);
  view.scrolled();
  expect(timeline.following).toBe(true);
  vi.advanceTimersByTime(1_000);
  expect(scroller.scrollTop).toBe(8_340 - VIEW);
});

test("a clock that is set back keeps nobody from looking further up", async () => {
  const { scroller, timeline, view } = start(8_340);
  timeline.loaded = true;
  view.after();
  await vi.advanceTimersByTimeAsync(1_000);
  timeline.hasOlder = true;
  view.movingUp();
  scroller.scrollTop = 40;
  view.scrolled();
  const first = timeline.lookedAt.at(-1);
  vi.setSystemTime(Date.now() - 3_600_000);
  await vi.advanceTimersByTimeAsync(3_000);
  scroller.scrollTop -= 1;
  view.scrolled();
  expect(timeline.lookedAt.at(-1)).toBe((first ?? 0) + 3_000);
});

test("a hand that moves up slowly gets its way", () => {
  const { scroller, timeline, view } = start(8_340);
  for (let moved = 0; moved < 5; moved++) {
    scroller.scrollTop -= 15;
    view.scrolled();
    vi.advanceTimersByTime(16);
  }
  expect(timeline.following).toBe(false);
  vi.advanceTimersByTime(1_000);
  expect(scroller.scrollTop).toBe(8_340 - VIEW - 75);
});

test("a smooth way up that begins with a single pixel gets its way, too, and rows that come meanwhile do not end it", () => {
  const { scroller, timeline, view } = start(8_340);
  view.movingUp();
  for (const step of [1, 9, 60, 200, 300]) {
    scroller.scrollTop -= step;
    view.scrolled();
    expect(timeline.following).toBe(false);
    view.before();
    scroller.grow(50);
    view.after();
    vi.advanceTimersByTime(30);
  }
  vi.advanceTimersByTime(1_000);
  expect([timeline.following, scroller.scrollTop]).toEqual([false, 8_340 - VIEW - 570]);
});

test("a hand that moves up and stops near the end follows on", () => {
  const { scroller, timeline, view } = start(8_340);
  view.movingUp();
  expect(timeline.following).toBe(false);
  scroller.scrollTop -= 30;
  view.scrolled();
  vi.advanceTimersByTime(1_000);
  expect(timeline.following).toBe(true);
});

describe("a list that is held", () => {
  let box: ReturnType<typeof rowsBox>;
  const forty = Array.from({ length: 40 }, () => 50);
  const scrollUp = (by: number): void => {
    box.view.movingUp();
    box.scroller.scrollTop -= by;
    box.view.scrolled();
    vi.advanceTimersByTime(1_000);
  };

  beforeEach(() => (box = rowsBox(forty)));
  afterEach(() => box.leave());

  test("stays where it is while rows come, go, grow and shrink around the row by which it is held", () => {
    scrollUp(610);
    const before = box.topOf("16");
    expect(before).toBe(10);
    box.change(() => box.add("new", 70));
    box.change(() => box.all.splice(0, 5).forEach(({ slot }) => slot.remove()));
    box.change(() => box.add("older", 230, 0));
    box.change(() => void (box.all[3] && (box.all[3].height = 400)));
    expect(box.topOf("16")).toBe(before);
    expect(box.timeline.following).toBe(false);
  });

  test("stays where it is in a window that changes its size, to and fro, and at another size of text", () => {
    scrollUp(640);
    const before = box.topOf("16");
    for (const [width, height, factor] of [[240, 300, 1.7], [900, 800, 0.6], [300, VIEW, 0.5], [300, VIEW, 2], [300, VIEW, 1]] as const) {
      box.scroller.clientWidth = width;
      box.scroller.clientHeight = height;
      for (const row of box.all) row.height = 50 * factor;
      // A row comes before the page is told of its size.
      box.change(() => box.add(`at ${width} ${factor}`, 50));
      expect(box.topOf("16")).toBe(before);
    }
  });

  test("leaves room below the last row rather than slide down, and takes it back", () => {
    scrollUp(100);
    const first = box.topOf("27");
    box.scroller.clientHeight = VIEW + 300;
    box.view.before();
    expect([box.topOf("27"), box.tail.height]).toEqual([first, 200]);
    box.change(() => box.add("new", 150));
    expect([box.topOf("27"), box.tail.height]).toEqual([first, 50]);
    box.timeline.following = true;
    box.view.after();
    expect(box.tail.height).toBe(0);
  });

  test("says where it stands, and another view of the same rows goes there", () => {
    const first = rowsBox(Array.from({ length: 60 }, () => 40));
    const rows = (keys: readonly number[]) => keys.map((key) => ({ row: { key: String(key), place: key } }));
    first.timeline.items = rows([...Array(60).keys()]);
    expect(first.timeline.stand()).toBeNull();
    first.scroller.scrollTop = 413;
    first.view.scrolled();
    const stand = first.timeline.stand();
    expect(stand).toEqual({ key: "11", place: 11, top: 27, after: 100 });
    first.leave();
    expect(first.timeline.stand()).toBeNull();

    for (const [keys, key] of [[[...Array(60).keys()], "11"], [[...Array(60).keys()].filter((key) => key !== 11), "10"]] as const) {
      const next = rowsBox([]);
      keys.forEach((key) => next.add(String(key), 52));
      Object.assign(next.timeline, { following: false, goal: stand, items: rows(keys) });
      next.view.after();
      expect([next.topOf(key), next.timeline.goal]).toEqual([27, null]);
      next.change(() => next.add("100", 300, 2));
      expect(next.topOf(key)).toBe(27);
      next.leave();
    }
  });

  test("is held by the row that is selected, and follows on once nothing is, if it is still at the end", () => {
    box.select("35");
    expect(box.timeline.following).toBe(false);
    const before = box.topOf("35");
    for (const row of box.all) row.height = 80;
    box.scroller.clientWidth = 200;
    box.change(() => box.add("new", 80));
    expect(box.topOf("35")).toBe(before);
    box.deselect();
    expect(box.timeline.following).toBe(false);
    box.timeline.following = true;
    box.view.after();
    box.select("new");
    box.deselect();
    expect(box.timeline.following).toBe(true);
  });

  test("is held by the row that is selected also when it was held before", () => {
    scrollUp(640);
    box.select("20");
    const before = box.topOf("20");
    box.change(() => box.all.slice(16, 20).forEach((row) => (row.height = 90)));
    expect(box.topOf("20")).toBe(before);
  });

  test("does not follow on because something is selected elsewhere", () => {
    scrollUp(200);
    box.scroller.scrollTop += 190;
    box.timeline.following = false;
    box.deselect();
    expect(box.timeline.following).toBe(false);
  });
});

describe("a pointer over the list", () => {
  let box: ReturnType<typeof rowsBox>;
  beforeEach(() => (box = rowsBox(Array.from({ length: 40 }, () => 50))));
  afterEach(() => box.leave());

  test("does nothing unless the person chose so", () => {
    box.view.pointed(1, 1, 0);
    expect(box.timeline.following).toBe(true);
  });

  test("holds the list for as long as it moves and a while longer", () => {
    box.view.pointed(1, 1, 500);
    expect(box.timeline.following).toBe(false);
    vi.advanceTimersByTime(400);
    box.view.pointed(2, 1, 500);
    vi.advanceTimersByTime(499);
    // Rows that move under it are no movement of its own.
    box.view.pointed(2, 1, 500);
    expect(box.timeline.following).toBe(false);
    vi.advanceTimersByTime(1);
    expect(box.timeline.following).toBe(true);
  });

  test("holds it until it leaves, if so chosen", () => {
    box.view.pointed(1, 1, UNTIL_IT_LEAVES);
    vi.advanceTimersByTime(3_600_000);
    expect(box.timeline.following).toBe(false);
    box.view.pointerLeft();
    expect(box.timeline.following).toBe(true);
  });

  test("never takes back what somebody scrolled to or selected meanwhile", () => {
    box.view.pointed(1, 1, 500);
    box.view.movingUp();
    vi.advanceTimersByTime(5_000);
    expect(box.timeline.following).toBe(false);
    box.scroller.scrollTop -= 300;
    box.view.scrolled();
    vi.advanceTimersByTime(5_000);
    box.view.pointerLeft();
    expect(box.timeline.following).toBe(false);
    box.timeline.following = true;
    box.view.after();
    box.view.pointed(5, 5, 500);
    box.select("38");
    vi.advanceTimersByTime(5_000);
    expect(box.timeline.following).toBe(false);
  });

  test("holds it again when it moves after somebody went to the end", () => {
    box.view.pointed(1, 1, 500);
    box.timeline.toEnd();
    box.view.pointed(2, 2, 500);
    expect(box.timeline.following).toBe(false);
  });
});

test("the last row that can be read whole is known", () => {
  const box = rowsBox([50, 500, 49, 200]);
  expect(box.view.lastWhole()).toBe("3");
  box.view.movingUp();
  box.scroller.scrollTop = 0;
  expect(box.view.lastWhole()).toBe("2");
  box.leave();
});
