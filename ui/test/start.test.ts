// The page's beginning, before anything of it is drawn.
import { flushSync } from "svelte";
import { afterEach, expect, it, vi } from "vitest";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { start } from "../src/start";
import { Aside } from "../src/state/aside.svelte";

afterEach(() => document.body.replaceChildren());

it("asks the shell while the stylesheet is still awaited, and draws nothing before it", async () => {
  const target = document.body.appendChild(document.createElement("div"));
  target.id = "app";
  vi.spyOn(document, "readyState", "get").mockReturnValue("interactive");
  const bridge = new FakeBridge(sceneFrom(new URLSearchParams("rows=20&lang=en")));
  const boot = vi.spyOn(bridge, "boot");
  const aside = start(bridge, "main") as Aside;
  expect(boot).toHaveBeenCalledOnce();
  await vi.waitUntil(() => aside.ready);
  expect(target.childElementCount).toBe(0);

  window.dispatchEvent(new Event("load"));
  await vi.waitUntil(() => (flushSync(), document.querySelectorAll("[role=log] article").length > 0));
  expect(boot).toHaveBeenCalledTimes(1);
});
