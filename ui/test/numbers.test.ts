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
