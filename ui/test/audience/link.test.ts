// The page's connection: when it knocks, when it gives a link up, how long it stays away.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { askedIn, isLetGo, waitMs } from "../../audience/room/backoff";
import { Server, settled } from "./server";

beforeEach(() => {
  vi.useFakeTimers();
});
let server: Server;
afterEach(() => {
  server?.room.stop();
  vi.useRealTimers();
});

async function online(): Promise<void> {
  server = new Server();
  server.room.start();
  await server.join();
  expect(server.room.phase.kind).toBe("online");
}

test("the wait grows, is spread, and obeys the server", () => {
  const none = { code: 1006, askedMs: null, letGo: 0 };
  expect([0, 1, 2, 3, 9].map((tries) => [waitMs({ ...none, tries }, 0), waitMs({ ...none, tries }, 1)])).toEqual([
    [0, 2_000],
    [500, 1_000],
    [1_000, 2_000],
    [2_000, 4_000],
    [15_000, 30_000],
  ]);
  expect(waitMs({ ...none, tries: 0, code: 1012 }, 0)).toBe(1_000);
  expect(waitMs({ ...none, tries: 0, code: 1013 }, 1)).toBe(30_000);
  expect(waitMs({ ...none, tries: 9, code: 1012, askedMs: 4_000 }, 1)).toBe(5_000);
  expect(waitMs({ ...none, tries: 0, code: 1012, askedMs: 1e12 }, 0)).toBe(900_000);
  expect(askedIn('{"retry_ms":2500}')).toBe(2_500);
  // It has too much to do, and says for how long: whoever is turned away again and again comes more rarely.
  expect([0, 4, 9].map((tries) => [waitMs({ ...none, tries, code: 1013, askedMs: 4_000 }, 0), waitMs({ ...none, tries, code: 1013, askedMs: 4_000 }, 1)])).toEqual([
    [4_000, 5_000],
    [4_000, 8_000],
    [15_000, 30_000],
  ]);
  for (const reason of ["", "bye", '{"retry_ms":-4}', '{"retry_ms":5}x', '{"retry_ms":null}']) expect(askedIn(reason)).toBeNull();
});

test("who was let go for reading too slowly is back at once, and a little later each time in a row", () => {
  const slow = { tries: 7, code: 1013, askedMs: 250 };
  expect([0, 1, 2, 20].map((letGo) => [waitMs({ ...slow, letGo }, 0), waitMs({ ...slow, letGo }, 1)])).toEqual([
    [250, 312.5],
    [375, 468.75],
    [562.5, 703.125],
    [5_000, 6_250],
  ]);
  expect(waitMs({ ...slow, askedMs: 900, letGo: 0 }, 0)).toBe(900);
  expect([isLetGo(1013, 999), isLetGo(1013, 1_000), isLetGo(1013, null), isLetGo(1012, 250)]).toEqual([true, false, false, false]);
});

test("a phone that was too slow comes back at once, which is no failure", async () => {
  await online();
  for (let n = 2; n <= 4; n++) {
    server.wire.drop(1013, '{"retry_ms":250}');
    // Not before its time, whoever wants it.
    server.room.retry();
    await settled();
    expect(server.wires).toHaveLength(n - 1);
    await vi.advanceTimersByTimeAsync(750);
    expect(server.wires).toHaveLength(n);
    await server.join();
  }
  // The first real failure is waited for as the first.
  server.wire.drop(1006, "");
  expect(server.room.phase).toMatchObject({ kind: "waiting", until: Date.now() });
});

test("a heartbeat every five seconds, and who does not answer one for twelve is gone", async () => {
  await online();
  const beats = (): number => server.wires[0]?.sent.filter(({ type }) => type === 1).length ?? 0;
  for (let n = 1; n <= 3; n++) {
    await vi.advanceTimersByTimeAsync(5_000);
    expect(beats()).toBe(n);
    server.wire.tell({ type: "heartbeat", time: 1 });
  }
  await vi.advanceTimersByTimeAsync(5_000 + 11_000);
  expect(server.room.phase.kind).toBe("online");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(server.wires[0]?.closed).toBe(true);
  await settled();
  expect(server.wires).toHaveLength(2);
});

test("a clock that runs slow while the page is hidden is no silence", async () => {
  await online();
  await vi.advanceTimersByTimeAsync(5_000);
  server.wire.tell({ type: "heartbeat", time: 1 });
  vi.setSystemTime(Date.now() + 60_000);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(server.room.phase.kind).toBe("online");
  expect(server.wires).toHaveLength(1);
});

test("whoever comes back to the page learns within four seconds whether the link is alive", async () => {
  await online();
  server.room.wake();
  await vi.advanceTimersByTimeAsync(1_000);
  server.wire.tell({ type: "heartbeat", time: 1 });
  await vi.advanceTimersByTimeAsync(3_500);
  expect(server.wires).toHaveLength(1);
  server.room.wake();
  await vi.advanceTimersByTimeAsync(4_100);
  expect(server.wires).toHaveLength(2);
});

test("it comes back where it was, whatever ended it", async () => {
  await online();
  server.wire.tell({ type: "message", seq: 1, id: "e-1", content: "one" });
  server.wire.drop(1012, '{"retry_ms":2000}');
  expect(server.room.phase).toEqual({ kind: "waiting", until: Date.now() + 2_000 });
  // Not before the server's time, however much somebody wants it.
  server.room.retry();
  server.room.wake();
  await vi.advanceTimersByTimeAsync(1_900);
  expect(server.wires).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(server.wires).toHaveLength(2);
  server.wire.open();
  expect(server.wire.joins).toEqual([{ topic: "8001", epoch: "one", after: 1, triage: true }]);
  expect(server.wire.sent[0]?.token).toBe("secret");
});

test("a device without a network says so, and goes on when it has one", async () => {
  await online();
  server.connected = false;
  server.replies["api/capabilities"] = () => "down";
  server.wire.drop();
  expect(server.room.phase.kind).toBe("offline");
  server.connected = true;
  delete server.replies["api/capabilities"];
  server.room.wake();
  await settled();
  expect(server.wires).toHaveLength(2);
});

test("a network that comes and goes earns three tries in ten seconds, not a storm", async () => {
  await online();
  server.replies["api/capabilities"] = () => "down";
  server.wire.drop();
  await settled();
  const knocks = server.asked("api/capabilities").length;
  await vi.advanceTimersByTimeAsync(0);
  for (let n = 0; n < 50; n++) {
    server.room.wake();
    await settled();
  }
  expect(server.asked("api/capabilities").length - knocks).toBeLessThanOrEqual(4);
});

test.each([
  [{ status: 401 }, "token"],
  [{ status: 403 }, "address"],
  [{ status: 404 }, "server"],
] as const)("a knock that is refused with %o is the end", async (reply, why) => {
  server = new Server();
  server.replies["api/capabilities"] = () => reply;
  server.room.start();
  await settled();
  expect(server.room.phase).toEqual({ kind: "refused", why });
  await vi.advanceTimersByTimeAsync(120_000);
  expect(server.asked("api/capabilities")).toHaveLength(1);
  expect(server.wires).toHaveLength(0);
});

test.each([403, 404, 405, 421])("where we were let in before, a knock that is answered with %i is a proxy's word, and the room is tried for", async (status) => {
  await online();
  server.replies["api/capabilities"] = () => ({ status });
  server.wire.drop();
  await settled();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.room.phase.kind).toBe("waiting");
  delete server.replies["api/capabilities"];
  await vi.advanceTimersByTimeAsync(15_000);
  await server.join();
  expect(server.room.phase.kind).toBe("online");
});

test("a token that is revoked, and one for another room, are not tried again", async () => {
  for (const [code, why] of [
    [4401, "token"],
    [4403, "room"],
  ] as const) {
    await online();
    server.wire.drop(code, "");
    expect(server.room.phase).toEqual({ kind: "refused", why });
    await vi.advanceTimersByTimeAsync(120_000);
    expect(server.wires).toHaveLength(1);
    server.room.stop();
  }
});

test("a full room is said to be full, and is knocked at ever more rarely, until there is a place", async () => {
  server = new Server();
  server.replies["api/capabilities"] = () => ({ status: 503, headers: { "retry-after": "7" } });
  server.room.start();
  await settled();
  const knocks = (): number => server.asked("api/capabilities").length;
  expect(server.asked("api/capabilities")[0]?.query.get("socket"), "it asks for a socket's sake").toBe("1");
  // Never sooner than the server says, and at last every quarter of a minute.
  for (const wait of [7_000, 7_000, 7_000, 7_000, 7_000, 8_000, 15_000, 15_000]) {
    expect(server.room.phase).toEqual({ kind: "full", until: Date.now() + wait });
    const before = knocks();
    await vi.advanceTimersByTimeAsync(wait - 1);
    expect(knocks()).toBe(before);
    await vi.advanceTimersByTimeAsync(1);
    expect(knocks()).toBe(before + 1);
  }
  expect(server.wires).toHaveLength(0);
  delete server.replies["api/capabilities"];
  await vi.advanceTimersByTimeAsync(15_000);
  // Not in yet, and nothing else is known.
  expect(server.room.phase.kind).toBe("full");
  await server.join();
  expect(server.room.phase.kind).toBe("online");
});

test("a proxy that has no server behind it is no full room", async () => {
  await online();
  server.replies["api/capabilities"] = () => ({ status: 503, body: {} });
  server.wire.drop();
  await settled();
  await vi.advanceTimersByTimeAsync(100);
  expect(server.room.phase.kind).toBe("waiting");
});

test("a socket that opens and never lets us in is given up", async () => {
  server = new Server();
  server.room.start();
  await settled();
  server.wire.open();
  await vi.advanceTimersByTimeAsync(17_000);
  expect(server.wires[0]?.closed).toBe(true);
});

test("what an earlier socket still says is not heard", async () => {
  await online();
  const old = server.wire;
  old.drop();
  await vi.advanceTimersByTimeAsync(10);
  await server.join("one", 0);
  old.tell({ type: "message", seq: 1, id: "x", content: "a ghost" });
  await settled();
  expect(server.room.rows).toEqual([]);
});
