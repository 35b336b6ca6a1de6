// The desk's numbers: by tag for everybody at the desk, by person where the backend tells them.
import { flushSync, mount, unmount } from "svelte";
import { afterEach, expect, it, vi } from "vitest";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import NumbersPanel from "../src/questions/NumbersPanel.svelte";
import { AnswerDesk } from "../src/state/desk/desk.svelte";

let view: Record<string, unknown>;

afterEach(async () => {
  await unmount(view);
  document.body.replaceChildren();
});

it.each([
  [true, ["By tag", "First answers by person"]],
  [false, ["By tag"]],
])("names colleagues only where it is told of them: %s", async (host, lists) => {
  const bridge = new FakeBridge(sceneFrom(new URLSearchParams("rows=0&desk=server")));
  const numbers = await bridge.desk.numbers("1");
  vi.spyOn(bridge.desk, "numbers").mockResolvedValue(host ? numbers : { ...numbers, perPerson: [] });
  const desk = new AnswerDesk("1", bridge, () => bridge.desk.status());
  view = mount(NumbersPanel, { target: document.body, props: { desk, now: Date.now() } });
  for (let i = 0; i < 6; i++) await new Promise((done) => setTimeout(done, 0));
  flushSync();
  expect([...document.querySelectorAll("ul")].map((list) => list.ariaLabel ?? list.getAttribute("aria-label"))).toEqual(lists);
  expect(document.body.textContent).toContain("3 of 3 answered");
});

it.each([
  ["just now", 0, "The last 30 minutes: 9 questions asked, 4 answered"],
  ["a quarter of an hour ago", 15, "The last 30 minutes: 5 questions asked, 2 answered"],
  ["two hours ago", 120, "The last 30 minutes: 0 questions asked, 0 answered"],
])("says and draws the last half hour, where something last happened %s", async (_, ago, words) => {
  const bridge = new FakeBridge(sceneFrom(new URLSearchParams("rows=0&desk=server")));
  const numbers = await bridge.desk.numbers("1");
  const now = Date.now();
  const last = Math.floor(now / 60_000) - ago;
  const perMinute: [number, number, number][] = Array.from({ length: 40 }, (__, i) => [last - 39 + i, 0, 0]);
  perMinute.splice(5, 1, [last - 34, 70, 60]);
  perMinute.splice(20, 1, [last - 19, 4, 2]);
  perMinute.splice(39, 1, [last, 5, 2]);
  vi.spyOn(bridge.desk, "numbers").mockResolvedValue({ ...numbers, asked: 412, answered: 390, perMinute });
  view = mount(NumbersPanel, { target: document.body, props: { desk: new AnswerDesk("1", bridge, () => bridge.desk.status()), now } });
  for (let i = 0; i < 6; i++) await new Promise((done) => setTimeout(done, 0));
  flushSync();
  expect(document.querySelector("figure svg")?.getAttribute("aria-label")).toBe(words);
  expect(document.querySelectorAll("figure rect.asked").length).toBe(30);
});
