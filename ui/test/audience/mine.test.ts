// Which questions are mine, in a room that tells nobody who asks.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { item, ok, Server, settled, type Wire } from "./server";

let server: Server;
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  server.room.stop();
  vi.useRealTimers();
});

async function online(): Promise<Wire> {
  server = new Server();
  server.room.start();
  return server.join("one", 0);
}

/** An item of a room in which nobody learns who asks. */
const blind = (n: number, more: object = {}): object => ({ type: "triage", item: item(n, { asker: { user: `anon-${n}`, displayName: "Somebody" }, ...more }) });
const mine = (): string[] => [...server.room.items.keys()].filter((id) => server.room.isMine(id));

test("in a room without names, whoever asked is told of the answer, for them alone or for everybody", async () => {
  const wire = await online();
  server.replies["api/question/add"] = () => ok({ id: "q-2", seq: 1 });
  server.room.say("question", "question 2");
  // Its entry is told before the reply.
  wire.tell({ type: "question", id: "q-2", seq: 1, user: "anon-2", displayName: "Somebody", content: '{"content":"question 2"}', nonce: "nonce-1" });
  wire.tell(blind(2));
  await settled();
  for (const n of [1, 3]) wire.tell(blind(n));
  wire.tell(blind(1, { change: 5, private: [{ id: "p", text: "so", orgName: "Org" }] }));
  const content = (of: string): string => JSON.stringify({ orgName: "Org", question: "", answer: `to ${of}`, questionId: of });
  wire.tell({ type: "answer", id: "e-2", seq: 2, user: "sue", content: content("q-2") });
  wire.tell({ type: "answer", id: "e-3", seq: 3, user: "sue", content: content("q-3") });
  await settled();
  expect(server.heard).toEqual(["answered Org 1", "answered Org 2", "said to q-3"]);
  expect(mine()).toEqual(["q-2", "q-1"]);
  expect(server.room.outbox).toEqual([]);
});

test("what I asked without a name is mine after a reload, and once it is approved", async () => {
  await online();
  server.replies["api/question/add"] = () => ok({ id: "q-1", seq: 1 });
  server.room.say("question", "question 1");
  await settled();
  server.room.stop();
  server = new Server(server.kept);
  server.room.start();
  const wire = await server.join();
  wire.tell(blind(1));
  // Of somebody else's submission nobody is told what became of it.
  wire.tell(blind(2, { sourceId: "r-2" }));
  wire.tell({ type: "triage", item: { questionId: "r-2", change: 9, review: "pending" } });
  wire.tell(blind(3, { sourceId: "r-3" }));
  wire.tell({ type: "triage", item: { questionId: "r-3", change: 10, asker: { user: "anon-3" }, text: "question 3", published: "q-3" } });
  await settled();
  expect(mine()).toEqual(["q-1", "q-3"]);
  expect(server.heard).toEqual([]);
});

test("whoever works at the desk asked none of what it shows them", async () => {
  server = new Server();
  server.replies["api/capabilities"] = () => ok({ identity: { user: "sue", role: "staff" } });
  server.room.start();
  const wire = await server.join();
  wire.tell(blind(1, { private: [{ id: "p", text: "so", orgName: "Org" }] }));
  wire.tell(blind(3, { sourceId: "r-3" }));
  wire.tell({ type: "triage", item: { questionId: "r-3", change: 10, asker: { user: "anon-3" }, text: "question 3", published: "q-3" } });
  await settled();
  expect([mine(), server.heard]).toEqual([[], []]);
});
