// Searching in all rooms: whose a hit is, and what opens where the room is archived or was left.
import { flushSync, mount, unmount } from "svelte";
import { afterEach, expect, it } from "vitest";
import App from "../src/App.svelte";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { Aside } from "../src/state/aside.svelte";
import { ALL } from "../src/state/views.svelte";
import { frames } from "./frames";

let view: Record<string, unknown> | undefined;

afterEach(async () => {
  if (view) await unmount(view);
  view = undefined;
  document.body.replaceChildren();
});

async function settle(): Promise<void> {
  for (let i = 0; i < 12; i++) await new Promise((done) => setTimeout(done));
  flushSync();
}

const words = (): string => document.body.textContent ?? "";
const button = (name: string): HTMLButtonElement | undefined => [...document.querySelectorAll<HTMLButtonElement>("button")].find((one) => one.textContent.trim() === name);
const hits = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>("dialog [role=option]")];

/** What is found stands in this room: the second is archived, the third was left. */
async function foundIn(place: string): Promise<{ bridge: FakeBridge; aside: Aside }> {
  const bridge = new FakeBridge(sceneFrom(new URLSearchParams("scene=busy&rows=30&lang=en")));
  await bridge.archiveRoom("2", true);
  const here = bridge.desk.search.bind(bridge.desk);
  bridge.desk.search = async (room, query, cursor) => {
    const page = await here(room, query, cursor);
    return { ...page, hits: page.hits.map((hit) => ({ ...hit, room: room ?? place })) };
  };
  bridge.room.say({ kind: "message", user: "bo", name: "Bo", text: "the wombat of last week" }, Date.now());
  const aside = new Aside(bridge, "main", frames);
  view = mount(App, { target: document.body, props: { aside } });
  void aside.start();
  await settle();
  if (aside.desk) aside.desk.sheet = { kind: "search" };
  await settle();
  const search = aside.desk?.search;
  if (search) [search.everywhere, search.query] = [true, "wombat"];
  await search?.ask();
  await settle();
  return { bridge, aside };
}

const foundInTheArchive = (): ReturnType<typeof foundIn> => foundIn("2");
const opened = (bridge: FakeBridge): unknown[] => bridge.calls.filter(([call]) => call === "openRoom").map(([, room]) => room);
const strip = (): string[] => [...document.querySelectorAll("[data-testid=connection-strip] button")].map((one) => one.textContent);
const seesTheWombat = (aside: Aside): boolean => aside.timeline?.items.some(({ row }) => row.text.includes("wombat")) === true;

it("says in which room a hit stands, and that it is archived", async () => {
  const { aside } = await foundInTheArchive();
  expect(hits().map((hit) => hit.querySelector(".room")?.textContent.trim())).toEqual(["产品发布会直播间,archived"]);
  const search = aside.desk?.search;
  if (search) search.everywhere = false;
  await search?.ask();
  await settle();
  expect(hits().map((hit) => hit.querySelector(".room"))).toEqual([null]);
});

it("a hit of an archived room opens what is kept of it, and the room stays archived until it is brought back", async () => {
  const { bridge, aside } = await foundInTheArchive();
  hits()[0]?.click();
  await settle();
  expect([aside.currentId, aside.current?.archived, seesTheWombat(aside)]).toEqual(["2", true, true]);
  expect(opened(bridge)).toEqual([]);
  expect(document.querySelector("[role=status][data-state]")?.textContent.trim()).toBe("Archived");
  expect(words()).toContain("Bring the room back to write");
  // Some other room changed its name.
  bridge.emit("rooms", aside.rooms.map((room) => (room.id === "1" ? { ...room, label: "Main" } : room)));
  await settle();
  expect(aside.currentId).toBe("2");

  button("Bring back")?.click();
  await settle();
  expect([aside.currentId, aside.current?.archived, aside.status?.connection.state]).toEqual(["2", false, "online"]);
  expect(words()).not.toContain("Bring the room back to write");
});

it("a hit of a room that was left opens what is kept of it, and nobody enters it by that", async () => {
  const { bridge, aside } = await foundIn("3");
  hits()[0]?.click();
  await settle();
  expect([aside.currentId, seesTheWombat(aside), opened(bridge)]).toEqual(["3", true, []]);
  expect([strip(), document.querySelector("[role=status][data-state]")?.textContent.trim()]).toEqual([["Open", "Export…"], "Not connected"]);
  expect(words()).toContain("You have left this room: open it to write");
  button("Open")?.click();
  await settle();
  expect([opened(bridge), aside.status?.connection.state, strip()]).toEqual([["3"], "online", []]);
});

it("a room that is looked into is opened where somebody brings it back, and from the list", async () => {
  const { bridge, aside } = await foundInTheArchive();
  hits()[0]?.click();
  await settle();
  aside.sheet = { kind: "archive" };
  await settle();
  document.querySelector<HTMLElement>("dialog [aria-label^='Bring back']")?.click();
  await settle();
  expect([opened(bridge), aside.currentId, aside.status?.connection.state]).toEqual([["2"], "2", "online"]);

  const again = aside.current;
  if (again) await aside.list.archive(again);
  await aside.show("2");
  // The other window brings it back.
  bridge.emit("rooms", aside.rooms.map((room) => ({ ...room, archived: false })));
  await settle();
  expect([aside.currentId, strip(), opened(bridge)]).toEqual(["2", ["Open", "Export…"], ["2"]]);
  document.querySelector<HTMLElement>("[aria-current=page]")?.click();
  await settle();
  expect([opened(bridge), strip()]).toEqual([["2", "2"], []]);
});

it("a hit is gone to among everything, whichever view is on show", async () => {
  const { aside } = await foundIn("1");
  await aside.showView("questions");
  hits()[0]?.click();
  await settle();
  expect([aside.views.current, seesTheWombat(aside)]).toEqual([ALL, true]);
  expect(document.querySelector(".found")?.textContent).toContain("wombat");
});

it("an empty field has all that narrows a search below it, until something is looked for", async () => {
  const { aside } = await foundInTheArchive();
  const filters = (): string => document.querySelector("dialog dl")?.textContent ?? "";
  expect(filters()).toBe("");
  aside.desk?.search.type("");
  await aside.desk?.search.ask();
  await settle();
  for (const filter of ["-word", "from:name", "role:staff", "has:link", "is:unanswered", "tag:name", "older:5m", "after:2026-11-01"]) expect(filters()).toContain(filter);
});

/** What happens in the field, faster than a search is asked for. */
function typed(text: string): HTMLInputElement {
  const field = document.querySelector<HTMLInputElement>("dialog input[role=combobox]");
  if (!field) throw new Error("no field");
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  return field;
}
const enter = (field: HTMLInputElement): boolean => field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));

it("Enter opens what the words in the field find, not what the words before found", async () => {
  const { bridge, aside } = await foundIn("1");
  bridge.room.say({ kind: "message", user: "bo", name: "Bo", text: "the wombats of today" }, Date.now());
  aside.desk?.search.type("wombat");
  await aside.desk?.search.ask();
  await settle();
  const [newest] = hits();
  expect(newest?.textContent).toContain("wombats of today");
  enter(typed("wombat week"));
  await settle();
  expect([aside.desk?.sheet, document.querySelector(".found")?.textContent.includes("the wombat of last week")]).toEqual([null, true]);
});

it("Enter opens nothing where the words in the field find nothing, or the sheet is gone", async () => {
  const { bridge, aside } = await foundIn("1");
  enter(typed("wombat of nobody"));
  await settle();
  expect([aside.desk?.sheet?.kind, hits(), document.querySelector(".found")]).toEqual(["search", [], null]);

  let answer = (): void => undefined;
  const search = bridge.desk.search.bind(bridge.desk);
  bridge.desk.search = (...asked) => new Promise((done) => (answer = () => done(search(...asked))));
  enter(typed("wombat"));
  await settle();
  if (aside.desk) aside.desk.sheet = null;
  await settle();
  answer();
  await settle();
  expect(document.querySelector(".found")).toBeNull();
});

it("nothing is left of a search below a field that was emptied while it was under way", async () => {
  const { bridge, aside } = await foundIn("1");
  const search = bridge.desk.search.bind(bridge.desk);
  bridge.desk.search = async (...asked) => ({ ...(await search(...asked)), next: "more" });
  await aside.desk?.search.ask();
  await settle();
  expect(button("Show more")).toBeDefined();
  bridge.desk.search = () => new Promise(() => undefined);
  void aside.desk?.search.ask();
  typed("");
  await aside.desk?.search.ask();
  await settle();
  expect([button("Show more"), aside.desk?.search.busy]).toEqual([undefined, false]);
});
