// The parts of the page that come after the first picture: asked for before they are there, and not to be had.
import { flushSync, mount, unmount } from "svelte";
import { afterEach, expect, it, vi } from "vitest";
import App from "../src/App.svelte";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { Later, later } from "../src/later.svelte";
import { Aside } from "../src/state/aside.svelte";

let aside: Aside;
let view: Record<string, unknown> | undefined;

async function open(): Promise<void> {
  aside = new Aside(new FakeBridge(sceneFrom(new URLSearchParams("rows=12&lang=en"))));
  view = mount(App, { target: document.body, props: { aside } });
  await aside.start();
  flushSync();
}

function press(key: string): void {
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
}

afterEach(async () => {
  if (view) await unmount(view);
  view = undefined;
  document.body.replaceChildren();
});

// The first two look at a page that nothing has come to yet.
it("Escape takes back a sheet that has not come", async () => {
  await open();
  vi.spyOn(later.sheets, "come").mockReturnValue(new Promise(() => undefined));
  aside.sheet = { kind: "settings" };
  flushSync();
  press("Escape");
  expect(aside.sheet).toBeNull();
});

it("a sheet that is asked for before its part is there opens, and hears what was typed until then", async () => {
  await open();
  if (!aside.desk) throw new Error("no room is open");
  expect(later.deskSheets.here).toBeNull();
  aside.desk.sheet = { kind: "search" };
  flushSync();
  for (const key of ["b", "e", "a"]) press(key);
  expect(document.querySelector("dialog")).toBeNull();
  await vi.waitFor(() => expect(aside.desk?.search.query).toBe("bea"), 5_000);
  expect(document.activeElement?.closest("dialog")).not.toBeNull();
});

it("a part that could not come is told, what was asked for is taken back, and nothing is held any more", async () => {
  await open();
  vi.spyOn(later.sheets, "come").mockResolvedValue(false);
  aside.sheet = { kind: "settings" };
  flushSync();
  press("a");
  await vi.waitFor(() => expect(document.querySelector("[role=alert]")?.textContent).toContain("could not be loaded"));
  expect(aside.sheet).toBeNull();
});

it("a part that did not come is asked for again", async () => {
  let tries = 0;
  const part = new Later<{ aside: Aside }>(() => (++tries === 1 ? Promise.reject(new Error("gone")) : import("../src/chrome/Sheets.svelte")));
  expect([await part.come(), part.here]).toEqual([false, null]);
  expect([await part.come(), part.here === null, tries]).toEqual([true, false, 2]);
});
