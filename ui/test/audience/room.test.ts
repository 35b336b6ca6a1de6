// The page's room: nothing lost and nothing twice, whatever order echo, acknowledgement, history and a broken link come in.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { KEPT, MOST } from "../../audience/room/timeline";
import { waiting } from "../../audience/room/questions";
import { history, item, message, ok, page, Server, settled, type Wire } from "./server";

let server: Server;
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  server.room.stop();
  vi.useRealTimers();
});

async function online(seq = 0): Promise<Wire> {
  server = new Server();
  server.room.start();
  return server.join("one", seq);
}

const texts = (): string[] => server.room.rows.map((row) => row.text);

test("the newest page and what comes meanwhile are one list", async () => {
  server = new Server();
  history(server, () => 103);
  server.room.start();
  await settled();
  server.wire.open();
  server.wire.tell({ type: "joined", topic: "8001", epoch: "one", seq: 100, resumed: false });
  for (const seq of [101, 102, 103]) server.wire.tell(message(seq));
  await settled();
  expect(server.room.rows.map((row) => row.seq)).toEqual(Array.from({ length: 53 }, (_, n) => 51 + n));
  await server.room.loadOlder();
  expect(server.room.first).toBe(1);
  expect(server.room.rows).toHaveLength(103);
  expect(server.asked("api/message/chatmsg").map(({ query }) => query.get("stream"))).toEqual(["s1", "s1"]);
});

test("where the beginning was thrown away, the oldest that is left is the start, and nothing is asked for again", async () => {
  server = new Server();
  server.replies["api/message/chatmsg"] = ({ query }) => ok({ items: query.get("before") === "52" ? [] : page(52, 101) });
  server.room.start();
  await server.join("one", 101);
  for (let turn = 0; turn < 3; turn++) await server.room.loadOlder();
  expect(server.asked("api/message/chatmsg")).toHaveLength(2);
  expect([server.room.first, server.room.begins]).toEqual([52, true]);
  // Another life of the room begins where it begins.
  server.wire.drop();
  history(server, () => 100);
  await vi.advanceTimersByTimeAsync(10);
  await server.join("two", 100, { resumed: false });
  expect(server.room.begins).toBe(false);
  await server.room.loadOlder();
  expect([server.room.first, server.room.begins]).toEqual([1, true]);
});

test("a page that cannot be fetched is fetched again", async () => {
  let down = true;
  server = new Server();
  server.replies["api/message/chatmsg"] = () => (down ? { status: 503, headers: { "retry-after": "2" } } : ok({ items: page(1, 3) }));
  server.room.start();
  await server.join("one", 3, { resumed: false });
  expect(server.room.loaded).toBe(false);
  down = false;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(texts()).toEqual(["1", "2", "3"]);
});

test("after an outage the missed come once, and what was there stays", async () => {
  const wire = await online();
  for (const seq of [1, 2, 3]) wire.tell(message(seq));
  await settled();
  wire.drop();
  await vi.advanceTimersByTimeAsync(10);
  await server.join("one", 6);
  // A replay that begins too early, and live ones behind it.
  for (const seq of [2, 3, 4, 5, 6, 7, 7]) server.wire.tell(message(seq));
  await settled();
  expect(texts()).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
  expect(server.asked("api/message/chatmsg")).toHaveLength(1);
});

test("a place that is missing is never passed over", async () => {
  const wire = await online();
  wire.tell(message(1));
  wire.tell(message(3));
  await vi.advanceTimersByTimeAsync(10);
  expect(wire.closed).toBe(true);
  server.wire.open();
  expect(server.wire.joins[0]).toMatchObject({ epoch: "one", after: 1 });
});

test("too far back, or another life of the room: the newest page, and nothing of before", async () => {
  const wire = await online();
  wire.tell(message(1));
  await settled();
  for (const epoch of ["one", "two"]) {
    server.wire.drop();
    history(server, () => 20_000);
    await vi.advanceTimersByTimeAsync(60_000);
    await server.join(epoch, 20_000, { resumed: false });
    expect(server.room.first).toBe(19_951);
    expect(server.room.rows.at(-1)?.seq).toBe(20_000);
  }
});

test("what I say is there at once, and one row when it comes back, whichever is first", async () => {
  const wire = await online();
  server.room.say("message", "ack first");
  server.room.say("message", "echo first");
  expect(wire.said.map(({ content, nonce }) => [content, nonce])).toEqual([
    ["ack first", "nonce-1"],
    ["echo first", "nonce-2"],
  ]);
  expect(server.room.outbox.map(({ state }) => state)).toEqual(["sending", "sending"]);
  wire.tell({ type: "ack", nonce: "nonce-1", id: "e-1", seq: 1 });
  expect(server.room.outbox.map(({ state }) => state)).toEqual(["stored", "sending"]);
  wire.tell(message(1, { user: "mia", content: "ack first", nonce: "nonce-1" }));
  wire.tell(message(2, { user: "mia", content: "echo first", nonce: "nonce-2" }));
  await settled();
  wire.tell({ type: "ack", nonce: "nonce-2", id: "e-2", seq: 2 });
  expect(texts()).toEqual(["ack first", "echo first"]);
  expect(server.room.outbox).toEqual([]);
  expect(server.kept.outbox).toBe("");
});

test("somebody else's nonce settles nothing of mine", async () => {
  const wire = await online();
  server.room.say("message", "mine");
  wire.tell(message(1, { user: "eve", nonce: "nonce-1" }));
  await settled();
  expect(server.room.outbox).toHaveLength(1);
});

test("what was under way when the link broke goes out again under the same name", async () => {
  const wire = await online();
  server.room.say("message", "stored, unheard");
  server.room.say("message", "lost");
  wire.drop();
  server.room.say("message", "written while away");
  await vi.advanceTimersByTimeAsync(10);
  await server.join("one", 1);
  expect(server.wire.said.map(({ nonce }) => nonce)).toEqual(["nonce-1", "nonce-2", "nonce-3"]);
  server.wire.tell(message(1, { user: "mia", content: "stored, unheard", nonce: "nonce-1" }));
  server.wire.tell({ type: "ack", nonce: "nonce-1", id: "e-1", seq: 1 });
  server.wire.tell({ type: "ack", nonce: "nonce-2", id: "e-2", seq: 2 });
  server.wire.tell(message(2, { user: "mia", content: "lost", nonce: "nonce-2" }));
  await settled();
  expect(texts()).toEqual(["stored, unheard", "lost"]);
  expect(server.room.outbox.map(({ text }) => text)).toEqual(["written while away"]);
  // A page that is loaded anew finds it.
  const { kept } = server;
  server.room.stop();
  server = new Server(kept);
  server.room.start();
  await server.join("one", 2, { resumed: false });
  expect(server.wire.said.map(({ nonce }) => nonce)).toEqual(["nonce-3"]);
});

test("a refusal keeps the text, to be sent again or thrown away", async () => {
  const wire = await online();
  server.room.say("message", "too long");
  wire.tell({ type: "nack", nonce: "nonce-1", code: 413, reason: "too long" });
  expect(server.room.outbox).toMatchObject([{ text: "too long", state: "failed", code: 413 }]);
  server.room.sayAgain("nonce-1");
  expect(wire.said).toHaveLength(2);
  server.room.discard("nonce-1");
  expect(server.room.outbox).toEqual([]);
});

test("a question is asked once, however often it has to be said", async () => {
  let replies = ["down", { status: 503, headers: { "retry-after": "1" } }, ok({ id: "e-1", seq: 1 })] as const as readonly (ReturnType<typeof ok>)[];
  const wire = await online();
  server.replies["api/question/add"] = () => {
    const [next, ...rest] = replies;
    replies = rest;
    return next as ReturnType<typeof ok>;
  };
  server.room.say("question", "why?");
  await vi.advanceTimersByTimeAsync(10_000);
  const asked = server.asked("api/question/add").map(({ body }) => body);
  expect(asked).toHaveLength(3);
  for (const body of asked) expect(body).toEqual({ content: "why?", streamId: "s1", nonce: "nonce-1" });
  expect(server.room.outbox).toMatchObject([{ state: "stored", seq: 1 }]);
  wire.tell({ type: "question", id: "e-1", seq: 1, user: "mia", content: '{"content":"why?"}', nonce: "nonce-1" });
  await settled();
  expect(texts()).toEqual(["why?"]);
  expect(server.room.outbox).toEqual([]);
  server.replies["api/question/add"] = () => ({ status: 413 });
  server.room.say("question", "long");
  await settled();
  expect(server.room.outbox).toMatchObject([{ state: "failed", code: 413 }]);
});

test("a question in review waits, and is one row when it is approved", async () => {
  const wire = await online();
  server.replies["api/question/add"] = () => ok({ id: "r-1", review: "pending" });
  server.room.say("question", "may I?");
  await settled();
  expect(server.room.outbox).toMatchObject([{ state: "review", id: "r-1" }]);
  wire.tell({ type: "triage", item: item(0, { questionId: "r-1", change: 1, review: "pending", text: "may I?", asker: { user: "mia" } }) });
  await settled();
  expect(server.room.outbox).toEqual([]);
  expect([...server.room.items.keys()]).toEqual(["r-1"]);
});

test("states of questions: what was missed is read, what is live is newer, and no change is passed over", async () => {
  const pages = [ok({ items: [item(1), item(2, { voted: true, votes: 3 })], change: 2, more: true }), ok({ items: [item(3, { change: 5 })], change: 5, more: false })];
  server = new Server();
  server.replies["api/question/changes"] = ({ query }) => (query.get("after") === "0" ? pages[0] : pages[1]) as ReturnType<typeof ok>;
  server.room.start();
  const wire = await server.join("one", 0);
  // Before what was missed is read, a live change comes.
  wire.tell({ type: "desk", change: 5 });
  wire.tell({ type: "triage", item: item(2, { change: 6, work: "answered" }) });
  await settled();
  expect(server.asked("api/question/changes").map(({ query }) => query.get("after"))).toEqual(["0", "2"]);
  expect(server.room.items.get("q-2")).toMatchObject({ work: "answered", change: 6, voted: true });
  wire.tell({ type: "votes", votes: [["q-1", 9, 7], ["q-3", 1, 4]] });
  await settled();
  expect(server.room.items.get("q-1")?.votes).toBe(9);
  expect(server.room.items.get("q-3")?.votes, "older than what is known").toBe(0);
  wire.drop();
  await vi.advanceTimersByTimeAsync(10);
  await server.join("one", 0);
  server.wire.tell({ type: "desk", change: 7 });
  await settled();
  expect(server.asked("api/question/changes").at(-1)?.query.get("after")).toBe("7");
});

test("changes that could not be read are read again from where they were, not from what came live", async () => {
  let down = true;
  server = new Server();
  server.replies["api/question/changes"] = () => (down ? "down" : ok({ items: [item(1), item(2)], change: 2, more: false }));
  server.room.start();
  const wire = await server.join("one", 0);
  wire.tell({ type: "desk", change: 2 });
  wire.tell({ type: "triage", item: item(3) });
  await settled();
  down = false;
  await vi.advanceTimersByTimeAsync(3_000);
  expect(server.asked("api/question/changes").map(({ query }) => query.get("after"))).toEqual(["0", "0"]);
  expect(server.room.items.size).toBe(3);
});

test("a vote shows at once, is put right by the server, and taken back when it did not arrive", async () => {
  const wire = await online();
  wire.tell({ type: "triage", item: item(1, { votes: 4 }) });
  await settled();
  const one = (): { votes: number; voted: boolean | null } => {
    const { votes, voted } = server.room.items.get("q-1") as { votes: number; voted: boolean | null };
    return { votes, voted };
  };
  server.replies["api/question/vote"] = () => ok({ votes: 7, voted: true });
  const voting = server.room.vote(server.room.items.get("q-1") as never);
  expect(one()).toEqual({ votes: 5, voted: true });
  // A second press while the first is under way is no second vote.
  void server.room.vote(server.room.items.get("q-1") as never);
  await voting;
  expect(one()).toEqual({ votes: 7, voted: true });
  expect(server.asked("api/question/vote").map(({ body }) => body)).toEqual([{ questionId: "q-1", streamId: "s1", vote: true }]);
  server.replies["api/question/vote"] = () => "down";
  await server.room.vote(server.room.items.get("q-1") as never);
  expect(one()).toEqual({ votes: 7, voted: true });
  expect(server.heard).toContain("failed vote");
});

test("an answer to my question is said aloud, and so is the one on stage", async () => {
  const wire = await online();
  wire.tell({ type: "triage", item: item(1, { asker: { user: "mia" } }) });
  await settled();
  const content = JSON.stringify({ orgName: "Org", question: "question 1", answer: "so", questionId: "q-1" });
  wire.tell({ type: "answer", id: "e-1", seq: 1, user: "sue", displayName: "Mia", content });
  wire.tell({ type: "triage", item: item(2, { stage: "now" }) });
  await settled();
  expect(server.heard).toEqual(["staged 2", "answered Org 1"]);
  expect(server.room.rows[0]).toMatchObject({ org: "Org", quote: "question 1", text: "so", questionId: "q-1" });
  const edited = JSON.stringify({ orgName: "Org", question: "question 1", answer: "otherwise", questionId: "q-1", editedAt: 1 });
  wire.tell({ type: "triage", item: item(1, { change: 9, edits: [{ answerId: "e-1", content: edited }] }) });
  await settled();
  expect(server.room.rows[0]).toMatchObject({ text: "otherwise", edited: true });
  wire.tell({ type: "removed", id: "e-1" });
  await settled();
  expect(server.room.rows[0]).toMatchObject({ text: "", quote: "", removed: true });
});

test("a fast room is held in bounds, for who follows and for who reads further up", async () => {
  const wire = await online();
  let seq = 0;
  const flood = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) wire.tell(message(++seq));
    await settled();
  };
  await flood(600);
  expect(server.room.rows).toHaveLength(KEPT);
  server.room.following = false;
  for (let n = 0; n < 10; n++) await flood(300);
  expect(server.room.rows.length).toBeLessThanOrEqual(MOST);
  expect(server.room.detached).toBe(true);
  expect(server.room.first, "what is read does not go away").toBe(401);
  server.room.following = true;
  history(server, () => seq);
  server.room.newest();
  await flood(2);
  expect(server.room.rows.map((row) => row.seq)).toEqual(Array.from({ length: 52 }, (_, n) => seq - 51 + n));
});

test("older rows are shown to the beginning, however many: at the bound those at the far end make place", async () => {
  await online();
  history(server, () => 5_000);
  server.wire.drop();
  await vi.advanceTimersByTimeAsync(10);
  await server.join("two", 5_000, { resumed: false });
  server.room.following = false;
  for (let turn = 1; turn <= 25; turn++) {
    await server.room.loadOlder();
    expect(server.room.first).toBe(4_951 - 50 * turn);
    expect(server.room.rows.length).toBe(Math.min(50 + 50 * turn, MOST));
  }
  expect(server.room.detached).toBe(true);
  const places = server.room.rows.map(({ seq }) => seq);
  expect(places, "no hole").toEqual(places.map((_, n) => 3_701 + n));
  server.room.newest();
  await settled();
  expect([server.room.rows.at(-1)?.seq, server.room.detached]).toEqual([5_000, false]);
});

test("nothing that was removed stays, asleep or awake", async () => {
  const wire = await online();
  wire.tell(message(1));
  wire.tell({ type: "removed", id: "e-1", seq: 1, number: 1 });
  await settled();
  expect(server.room.rows[0]).toMatchObject({ text: "", name: "", user: "", removed: true });
  wire.tell(message(2));
  await settled();
  wire.drop();
  server.replies["api/message/chatmsg"] = () => ok({ items: [1, 2].map((seq) => message(seq, { user: "", displayName: "", content: "" })) });
  await vi.advanceTimersByTimeAsync(10);
  await server.join("one", 2, { removals: 2 });
  expect(server.room.rows.map((row) => [row.text, row.removed])).toEqual([["", true], ["", true]]);
});

test("a message that is held for a word waits for review, once, by its own name, and my own question without a name is shown", async () => {
  const wire = await online();
  for (const n of [1, 2]) {
    server.room.say("message", "a word");
    wire.tell({ type: "nack", nonce: `nonce-${n}`, code: 202, id: `r-${n}`, reason: "held" });
  }
  expect(server.room.outbox).toMatchObject([
    { state: "review", id: "r-1" },
    { state: "review", id: "r-2" },
  ]);
  const held = item(0, { questionId: "r-1", change: 1, kind: "message", review: "pending", text: "a word", asker: { user: "mia" } });
  wire.tell({ type: "triage", item: held });
  await settled();
  expect(server.room.outbox.map(({ id }) => id)).toEqual(["r-2"]);
  wire.tell({ type: "triage", item: item(0, { questionId: "r-3", change: 2, review: "pending", text: "who?", asker: { user: "alias" } }) });
  await settled();
  expect(waiting(server.room.items, { user: "mia", audience: true }).map(({ text, kind }) => [text, kind])).toEqual([
    ["a word", "message"],
    ["who?", "question"],
  ]);
});

test("an entry and its removal in one picture, or a page read before it, show nothing", async () => {
  const wire = await online();
  wire.tell(message(1));
  wire.tell(message(2));
  wire.tell({ type: "removed", id: "e-2", seq: 2, number: 1 });
  await settled();
  server.replies["api/message/chatmsg"] = () => ok({ items: page(1, 2) });
  server.room.newest();
  await settled();
  expect(texts()).toEqual(["1", ""]);
});

test("whoever has left leaves nothing behind: what was still under way keeps nothing, says nothing and is not tried again", async () => {
  const wire = await online();
  let answer = (): void => {};
  server.replies["api/question/add"] = () => ({ status: 503 });
  server.delays["api/question/add"] = new Promise((resolve) => (answer = resolve));
  server.room.say("question", "of the one who left");
  wire.tell(message(1));
  server.room.stop();
  server.kept.outbox = "";
  await settled();
  answer();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.kept.outbox).toBe("");
  expect(server.heard).toEqual([]);
  expect(server.asked("api/question/add")).toHaveLength(1);
});
