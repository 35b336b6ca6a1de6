// The loaded stretch stays a gapless, ordered copy of the room, whatever happens in whatever order.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FakeRoom } from "../src/bridge/fake/room";
import { emptyStretch, fromPage, lastPlace, withChanges, withNewer, withOlder, type Stretch } from "../src/state/stretch";

const CAP = 12;
const PAGE = 5;
const LIMIT = 6;

type Step =
  | { do: "say" | "echo" | "pull" | "older" | "newer" | "end" }
  | { do: "settle" | "edit" | "remove"; pick: number }
  | { do: "lateOlder" | "lateNewer"; changes: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ do: "say" } as Step) },
  fc.constantFrom<Step>({ do: "echo" }, { do: "pull" }, { do: "older" }, { do: "newer" }, { do: "end" }),
  fc.record({ do: fc.constantFrom("settle" as const, "edit" as const, "remove" as const), pick: fc.nat(40) }),
  fc.record({ do: fc.constantFrom("lateOlder" as const, "lateNewer" as const), changes: fc.nat(3) }),
);

class Play {
  readonly room = new FakeRoom();
  stretch: Stretch;
  following = true;

  constructor(rows: number) {
    for (let i = 0; i < rows; i++) this.room.say({ kind: "message", text: String(i) }, i);
    this.stretch = fromPage(this.room.page({ at: "end" }, PAGE));
  }

  pull(): void {
    const changes = this.room.changes(this.stretch.revision, LIMIT);
    if (changes.reset) {
      this.stretch = fromPage(this.room.page({ at: "end" }, PAGE));
      return;
    }
    this.stretch = withChanges(this.stretch, changes, this.following ? { cap: CAP, from: "oldest" } : { cap: CAP, from: "newest" });
  }

  turn(edge: "older" | "newer", meanwhile: number): void {
    this.following = false;
    const first = this.stretch.rows[0]?.place;
    const last = lastPlace(this.stretch.rows);
    if (first === undefined || last === null) return;
    const page = this.room.page(edge === "older" ? { at: "before", place: first } : { at: "after", place: last }, PAGE);
    // The page was read, then the room went on and a pull overtook it.
    for (let i = 0; i < meanwhile; i++) this.pickRow(i * 7, (key) => this.room.change(key, { text: `late ${i}` }));
    if (meanwhile > 0) this.pull();
    const here = this.stretch.rows;
    if (here[0]?.place !== first || lastPlace(here) !== last) return;
    this.stretch = edge === "older" ? withOlder(this.stretch, page, CAP) : withNewer(this.stretch, page, CAP);
  }

  pickRow(pick: number, use: (key: string) => void): void {
    const row = this.room.rows[pick % Math.max(1, this.room.rows.length)];
    if (row) use(row.key);
  }

  run(step: Step): void {
    switch (step.do) {
      case "say":
        return void this.room.say({ kind: "message" }, 0);
      case "echo":
        return void this.room.echo({ kind: "message" }, 0);
      case "settle": {
        const echo = this.room.rows.find((row) => row.delivery === "sending");
        return echo && this.room.settle(echo.key);
      }
      case "edit":
        return this.pickRow(step.pick, (key) => this.room.change(key, { text: "edited" }));
      case "remove":
        return this.pickRow(step.pick, (key) => this.room.remove(key));
      case "pull":
        return this.pull();
      case "older":
      case "newer":
        return this.turn(step.do, 0);
      case "lateOlder":
        return this.turn("older", step.changes);
      case "lateNewer":
        return this.turn("newer", step.changes);
      case "end":
        this.following = true;
        this.stretch = fromPage(this.room.page({ at: "end" }, PAGE));
        return;
    }
  }
}

describe("a stretch", () => {
  it("is the room's own rows between its ends, after any story and one pull", () => {
    fc.assert(
      fc.property(fc.nat(30), fc.array(step, { maxLength: 60 }), (rows, story) => {
        const play = new Play(rows);
        for (const one of story) play.run(one);
        play.pull();
        play.pull();
        const { rows: shown, hasNewer, hasOlder } = play.stretch;
        const truth = play.room.rows;
        expect(shown.length).toBeLessThanOrEqual(Math.max(CAP, PAGE));
        const first = shown[0];
        const last = shown.at(-1);
        if (!first || !last) {
          expect(hasOlder || hasNewer || truth.length === 0).toBe(true);
          return;
        }
        expect(shown).toEqual(truth.filter((row) => row.place >= first.place && row.place <= last.place));
        if (!hasNewer) expect(last).toEqual(truth.at(-1));
        if (!hasOlder) expect(first).toEqual(truth[0]);
      }),
      { numRuns: 400 },
    );
  });

  it("takes the first rows of an empty room", () => {
    const room = new FakeRoom();
    const empty = fromPage(room.page({ at: "end" }, PAGE));
    room.say({ kind: "message" }, 0);
    expect(withChanges(empty, room.changes(empty.revision, LIMIT), { cap: CAP, from: "oldest" }).rows).toHaveLength(1);
    expect(emptyStretch.rows).toHaveLength(0);
  });

  it("of nothing but an own row keeps it when the room's first rows come before it", () => {
    const room = new FakeRoom();
    const own = room.echo({ kind: "message" }, 0);
    const alone = fromPage(room.page({ at: "end" }, PAGE));
    room.say({ kind: "message" }, 0);
    room.settle(own.key);
    const next = withChanges(alone, room.changes(alone.revision, LIMIT), { cap: CAP, from: "oldest" });
    expect(next.rows).toEqual(room.rows);
  });

  it("that does not reach the end leaves what comes after it alone", () => {
    const play = new Play(20);
    play.turn("older", 0);
    play.turn("older", 0);
    expect(play.stretch.hasNewer).toBe(true);
    play.room.say({ kind: "message" }, 0);
    const next = withChanges(play.stretch, play.room.changes(play.stretch.revision, LIMIT), { cap: CAP, from: "newest" });
    expect(next.rows).toEqual(play.stretch.rows);
    expect(next.revision).toBe(play.room.revision);
  });
});
