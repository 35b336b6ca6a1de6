// The audience's page with an invented server in place of the network, brought to the screen that its address names.
import { mount } from "svelte";
import App from "../audience/App.svelte";
import { Memory, placeOf } from "../audience/room/place";
import { look, type Theme } from "../audience/words/language.svelte";
import "../src/tokens.css";
import "../src/base.css";
import "../audience/page.css";
import { bring, find, until } from "./bring";
import type { Shown } from "./list";
import type { Mood } from "./phones";
import { conversation } from "../src/bridge/fake/scenes";

const query = new URLSearchParams(location.search);

/** What a browser keeps, forgotten with the page: all frames share the real one. */
class Forgetful implements Storage {
  readonly #kept = new Map<string, string>();
  get length(): number {
    return this.#kept.size;
  }
  key = (index: number): string | null => [...this.#kept.keys()][index] ?? null;
  getItem = (key: string): string | null => this.#kept.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.#kept.set(key, value);
  removeItem = (key: string): void => void this.#kept.delete(key);
  clear = (): void => this.#kept.clear();
}

const asked = ["Will there be a recording, and until when can we watch it?", "请问 token 过期之后，需要重新加入房间吗？", "Is the slide deck available somewhere? The one about reconnecting went by quickly.", "Which numbers do you watch during an event?"];
const questions = asked.map((text, index) => ({ questionId: `q${index}`, seq: index * 5 + 2, number: index + 1, change: index + 1, text, asker: { user: index === 2 ? "me" : `u-${index}`, displayName: index === 2 ? "Mia" : "Tomás Vega" }, askedAt: Date.now() - (9 - index) * 60_000, votes: (index * 7) % 12, voted: index === 1, stage: index === 0 ? "now" : "none", work: index === 3 ? "answered" : "open" }));

function entries(): object[] {
  return conversation(24, Date.now()).map((said, index) => {
    const question = said.kind === "question" ? JSON.stringify({ content: said.text }) : null;
    const answer = said.kind === "answer" ? JSON.stringify({ answer: said.text, question: said.question, orgName: said.org }) : null;
    return { id: `e${index}`, seq: index + 1, type: said.kind, user: said.user, displayName: said.name, content: question ?? answer ?? said.text, createdat: said.createdAt };
  });
}

function reply(mood: Mood, path: string): Response {
  const ok = (data: object): Response => new Response(JSON.stringify({ code: 200, data }));
  if (path === "/api/guest") return ok({ guests: mood === "guests" });
  if (mood === "expired") return new Response("{}", { status: 401 });
  if (path === "/api/capabilities") return ok({ identity: { user: "me", displayName: "Mia", role: "audience" }, limits: { contentBytes: 2_000 }, extensions: ["votes"] });
  if (path === "/api/question/changes") return ok({ items: mood === "room" ? questions : [], change: 9 });
  return ok({ items: mood === "room" ? entries() : [] });
}

/** A socket to a server that says who came in, and no more. */
class Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  constructor() {
    queueMicrotask(() => this.onopen?.());
  }
  send(text: string): void {
    const { type } = JSON.parse(text) as { type: number };
    if (type === 3) for (const data of [{ type: "joined", epoch: "one", seq: 24 }, { type: "desk", change: 9 }]) queueMicrotask(() => this.onmessage?.({ data: JSON.stringify({ code: 200, data: JSON.stringify(data) }) }));
  }
  close(): void {
    this.onclose = null;
  }
}

void bring(query, async (screen) => {
  const mood = new URLSearchParams(screen.query).get("mood") as Mood;
  const fetched = (address: string): Promise<Response> => (mood === "away" ? Promise.reject(new TypeError("no network")) : Promise.resolve(reply(mood, new URL(address).pathname)));
  Object.assign(window, { fetch: fetched, WebSocket: Socket });
  look.speak(query.get("lang") ?? "en");
  look.dress(query.get("theme") as Theme);
  const place = placeOf("/r/8001/main");
  const storage = new Forgetful();
  const memory = place && new Memory(place, storage, storage);
  if (mood !== "guests" && mood !== "closed") memory?.keepNamed("token");
  const target = document.getElementById("app");
  if (target) mount(App, { target, props: { place, memory } });
  await screen.show({ find, until } as Shown);
});
