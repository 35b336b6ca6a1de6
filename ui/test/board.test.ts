// The list that holds still: nothing moves, comes or goes while somebody looks at it, and the selection follows the question.
import { beforeEach, describe, expect, it } from "vitest";
import type { Question } from "../src/bridge/dto";
import { blankQuestion, laneOf } from "../src/bridge/fake/questions";
import { Board } from "../src/state/desk/board.svelte";
import { nextOpen, pendingOf, sorted } from "../src/state/desk/order";

let board: Board;
let revision = 0;

function question(number: number, change: Partial<Question> = {}): Question {
  const made = { ...blankQuestion(number, number * 1_000), votes: 0, ...change };
  return { ...made, lane: laneOf(made) };
}

const come = (...upserts: Question[]): void => board.apply({ revision: ++revision, upserts, removed: [], reset: false });

beforeEach(() => {
  board = new Board();
  revision = 0;
  board.apply({ revision: ++revision, upserts: [question(1), question(2), question(3)], removed: [], reset: true });
});

describe("while nobody looks", () => {
  it("what comes and goes is shown at once, oldest first", () => {
    come(question(4), question(1, { work: "answered" }));
    expect([board.shown, board.pending]).toEqual([["q2", "q3", "q4"], { fresh: 0, moved: false }]);
    expect(board.counts).toEqual({ review: 0, open: 3, mine: 0, live: 0, done: 1 });
  });
});

describe("while the pointer is inside", () => {
  beforeEach(() => board.pointer(true));

  it("an empty list has nothing to hold still, and takes what comes", () => {
    board.show("done");
    expect(board.shown).toEqual([]);
    come(question(2, { work: "dismissed" }));
    expect([board.shown, board.pending]).toEqual([["q2"], { fresh: 0, moved: false }]);
  });

  it("votes, new ones and those that left change nothing until the new order is asked for", () => {
    board.sortBy("votes");
    const before = board.shown;
    for (let votes = 1; votes <= 200; votes++) come(question(3, { votes }));
    come(question(4), question(5), question(2, { work: "dismissed" }));
    expect([board.shown, board.pending]).toEqual([before, { fresh: 2, moved: true }]);
    // The one that left stays where it was, and says what it is now.
    expect(board.rows.map(({ id, lane }) => [id, lane])).toEqual([["q1", "open"], ["q2", "done"], ["q3", "open"]]);
    board.refresh();
    expect([board.shown, board.pending]).toEqual([["q3", "q1", "q4", "q5"], { fresh: 0, moved: false }]);
  });

  it("leaving lets it move again", () => {
    come(question(4));
    expect(board.shown).toHaveLength(3);
    board.pointer(false);
    expect(board.shown).toHaveLength(4);
  });
});

describe("with a question selected", () => {
  it("the list holds still, and the selection stays with the question when the order is applied", () => {
    board.sortBy("votes");
    board.select("q2");
    come(question(3, { votes: 9 }), question(1, { votes: 5 }));
    expect(board.shown).toEqual(["q1", "q2", "q3"]);
    board.refresh();
    expect([board.shown, board.selected]).toEqual([["q3", "q1", "q2"], "q2"]);
    expect(board.move(-1)).toBe("q1");
  });

  it("keys go along the rows on screen, not along those that moved behind them", () => {
    board.select("q1");
    come(question(2, { work: "dismissed" }));
    expect([board.move(1), board.move(1), board.move(1)]).toEqual(["q2", "q3", "q3"]);
    expect(board.move(-1, true)).toBe("q2");
    expect([...board.marked].sort()).toEqual(["q2", "q3"]);
  });

  it("going to a number shows its lane", () => {
    come(question(7, { work: "answered" }));
    board.goTo("q7");
    expect([board.lane, board.selected, board.shown]).toEqual(["done", "q7", ["q7"]]);
  });
});

it("a reset leaves only what it brings, whoever looks", () => {
  board.focus(true);
  board.apply({ revision: 9, upserts: [question(2)], removed: [], reset: true });
  expect([board.shown, board.since]).toEqual([["q2"], 9]);
});

describe("orders", () => {
  it("put what is pinned first, and what is on stage before what is next", () => {
    expect(sorted([question(1), question(2, { pinned: true })], "open", "oldest")).toEqual(["q2", "q1"]);
    expect(sorted([question(1, { stage: "next" }), question(2, { stage: "now" })], "live", "oldest")).toEqual(["q2", "q1"]);
    expect(sorted([question(1), question(2), question(3)], "open", "newest")).toEqual(["q3", "q2", "q1"]);
  });

  it("tell new ones from moved ones", () => {
    expect(pendingOf(["a", "b"], ["a", "b", "c"])).toEqual({ fresh: 1, moved: false });
    expect(pendingOf(["a", "b"], ["b", "a"])).toEqual({ fresh: 0, moved: true });
    expect(pendingOf(["a", "b"], ["b"])).toEqual({ fresh: 0, moved: true });
  });

  it("what needs me next skips what others have, and comes round", () => {
    const claim = { by: { user: "ana", name: "Ana", avatar: null }, mine: false, device: "", otherDevice: false, at: 0, expiresAt: 1 };
    const all = [question(1), question(2, { work: "claimed", claim }), question(3)];
    expect([nextOpen(all, null), nextOpen(all, "q1"), nextOpen(all, "q3"), nextOpen([all[0] as Question], "q1")]).toEqual(["q1", "q3", "q1", null]);
  });
});
