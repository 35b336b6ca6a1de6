// An answer in the timeline, and the way to its question.
import { afterEach, beforeEach, expect, it } from "vitest";
import { bridge, close, settle, show } from "./inWindow";

beforeEach(show);
afterEach(close);

it("the question is a press away from each answer in the timeline, by its number", async () => {
  bridge.room.say({ kind: "answer", org: "Org", name: "Bo", question: "Is it recorded?", text: "Yes.", answers: "q3" }, Date.now());
  bridge.room.say({ kind: "answer", org: "Org", name: "Bo", question: "Long ago?", text: "No.", answers: "q999" }, Date.now());
  await settle();
  const [known, unknown] = [...document.querySelectorAll("[role=log] [data-kind=answer]")].slice(-2);
  expect(unknown?.querySelector(".head button")).toBeNull();
  const way = known?.querySelector<HTMLButtonElement>(".head button");
  expect([way?.textContent, way?.ariaLabel ?? way?.getAttribute("aria-label")]).toEqual(["#3", "Show in the desk #3"]);
  way?.click();
  await settle();
  expect(document.querySelector(".detail h2")?.textContent).toBe("#3");
});
