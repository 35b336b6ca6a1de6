// The page as it starts, and as it ends when another invitation is opened in its tab.
import { afterEach, expect, test, vi } from "vitest";
import { settled, Wire } from "./server";

afterEach(() => {
  vi.unstubAllGlobals();
  sessionStorage.clear();
});

test("a page that is left for another's invitation keeps nothing more", async () => {
  const kept = `aside ${JSON.stringify(["8001", "s1"])} `;
  const target = document.body.appendChild(document.createElement("div"));
  target.id = "app";
  history.replaceState(null, "", "/r/8001/s1#t=mia");
  const wires: Wire[] = [];
  vi.stubGlobal("fetch", () => Promise.resolve(new Response('{"code":200,"identity":{"user":"mia","displayName":"Mia"},"limits":{"contentBytes":8192},"data":{"items":[]}}')));
  vi.stubGlobal("WebSocket", function () {
    wires.push(new Wire());
    return wires.at(-1);
  });
  const reload = vi.spyOn(location, "reload").mockReturnValue();
  await import("../../audience/main");
  await vi.waitUntil(() => wires.length > 0);
  wires[0]?.open();
  wires[0]?.tell({ type: "joined", topic: "8001", epoch: "one", seq: 0 });
  const field = await vi.waitUntil(() => document.querySelector("textarea"));
  field.value = "of Mia";
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.form?.requestSubmit();
  await vi.waitUntil(() => wires[0]?.said.length === 1);
  expect(sessionStorage.getItem(`${kept}outbox`)).toContain("of Mia");
  location.hash = "#t=bo";
  dispatchEvent(new Event("hashchange"));
  expect(reload).toHaveBeenCalledOnce();
  // The browser has not loaded it yet, and the server goes on.
  wires[0]?.tell({ type: "nack", nonce: wires[0].said[0]?.["nonce"], code: 413 });
  await settled();
  expect({ ...sessionStorage }).toEqual({ [`${kept}token`]: "bo" });
});
