// The view of the timeline: whose movement it is that takes the view away from the end.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { View } from "../src/chat/view";
import type { Timeline } from "../src/state/timeline.svelte";

const VIEW = 600;

/** As much of a timeline as the view looks at. */
function fakeTimeline() {
  const timeline = {
    following: true,
    goal: null as string | null,
    hasOlder: false,
    hasNewer: false,
    screenRows: 0,
    hold: () => (timeline.following = false),
    follow: () => (timeline.following = true),
  };
  return timeline;
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
  const view = new View(box.scroller as unknown as HTMLElement, box.list, box.timeline as unknown as Timeline);
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

test("a hand that moves up and stops near the end follows on", () => {
  const { scroller, timeline, view } = start(8_340);
  view.movingUp();
  expect(timeline.following).toBe(false);
  scroller.scrollTop -= 30;
  view.scrolled();
  vi.advanceTimersByTime(1_000);
  expect(timeline.following).toBe(true);
});
