// What was removed while a phone was away: gone when it is back, and nobody loses their place for it.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { history, message, ok, Server, settled, type Reply, type Request } from "./server";

let server: Server;
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  server.room.stop();
  vi.useRealTimers();
});

/** Somebody reads 300 rows, further up than the end, and seven were removed while the link was away. */
async function readingAway(removals: (request: Request) => Reply): Promise<void> {
  server = new Server();
  server.room.start();
  const wire = await server.join("one", 0);
  server.room.following = false;
  for (let seq = 1; seq <= 300; seq++) wire.tell(message(seq));
  wire.tell({ type: "removed", id: "e-2", seq: 2, number: 1 });
  await settled();
  server.replies["api/moderation/removals"] = removals;
  history(server, () => 300);
  wire.drop();
  await vi.advanceTimersByTimeAsync(10);
  await server.join("one", 300, { removals: 7 });
}

const removed = (from: number, to: number): Reply => ok({ removals: Array.from({ length: to - from + 1 }, (_, n) => ({ number: from + n, id: `e-${from + n + 98}`, seq: from + n + 98 })) });
const gone = (): number[] => server.room.rows.filter((row) => row.removed).map((row) => row.seq);

test("whoever reads further up stays there, and learns what was removed while the link was away", async () => {
  await readingAway(({ query }) => (Number(query.get("after")) < 4 ? removed(2, 4) : removed(5, 7)));
  expect(server.asked("api/moderation/removals").map(({ query }) => [query.get("stream"), query.get("after")])).toEqual([
    ["s1", "1"],
    ["s1", "4"],
  ]);
  expect([server.room.first, server.room.rows.length, server.room.loaded]).toEqual([1, 300, true]);
  expect(gone()).toEqual([2, 100, 101, 102, 103, 104, 105]);
  server.wire.tell({ type: "removed", id: "e-9", seq: 9, number: 8 });
  await settled();
  server.wire.drop();
  await vi.advanceTimersByTimeAsync(1_000);
  await server.join("one", 300, { removals: 8 });
  expect(server.asked("api/moderation/removals"), "nothing was missed").toHaveLength(2);
});

test.each([
  ["cannot be read", { status: 404 } as Reply],
  ["end too early", removed(2, 3)],
  ["are no answer", ok({ removals: "none" })],
])("removals that %s: the newest page, and nothing of before", async (_, reply) => {
  let first = true;
  await readingAway(() => {
    const once = first ? reply : ok({ removals: [] });
    first = false;
    return once;
  });
  expect(server.room.first).toBe(251);
});

test("removals that cannot be read for a moment are asked for again, and the place is kept", async () => {
  let down = true;
  await readingAway(() => (down ? { status: 503, headers: { "retry-after": "2" } } : removed(2, 7)));
  down = false;
  await vi.advanceTimersByTimeAsync(2_000);
  expect([server.room.first, gone().length]).toEqual([1, 7]);
});

/** Those of the next reading come when this is called. */
function delayed(): () => void {
  let answer = (): void => {};
  server.delays["api/moderation/removals"] = new Promise((resolve) => (answer = resolve));
  return () => {
    delete server.delays["api/moderation/removals"];
    answer();
  };
}

const after = (): (string | null)[] => server.asked("api/moderation/removals").map(({ query }) => query.get("after"));

test("a removal that is told while those before it are being read counts for none of them", async () => {
  await readingAway(() => removed(2, 7));
  server.wire.drop();
  const answer = delayed();
  await vi.advanceTimersByTimeAsync(1_000);
  await server.join("one", 300, { removals: 9 });
  server.wire.tell({ type: "removed", id: "e-108", seq: 108, number: 10 });
  await settled();
  expect(gone()).toContain(108);
  // The link goes before the answer is here.
  server.replies["api/moderation/removals"] = () => "down";
  server.wire.drop();
  answer();
  await vi.advanceTimersByTimeAsync(2_000);
  server.replies["api/moderation/removals"] = () => removed(8, 10);
  await server.join("one", 300, { removals: 10 });
  expect(after()).toEqual(["1", "7", "7"]);
  expect(gone().slice(-4)).toEqual([105, 106, 107, 108]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(server.room.first).toBe(1);
});

test("what is read of an earlier life of the room counts for none of the next", async () => {
  await readingAway(() => removed(2, 7));
  server.wire.drop();
  const answer = delayed();
  await vi.advanceTimersByTimeAsync(1_000);
  await server.join("one", 300, { removals: 9 });
  server.wire.drop();
  await vi.advanceTimersByTimeAsync(2_000);
  await server.join("two", 300, { removals: 3, resumed: false });
  server.replies["api/moderation/removals"] = () => removed(8, 9);
  answer();
  await settled();
  server.wire.drop();
  await vi.advanceTimersByTimeAsync(4_000);
  server.replies["api/moderation/removals"] = () => removed(4, 5);
  await server.join("two", 300, { removals: 5 });
  expect(after()).toEqual(["1", "7", "3"]);
});
