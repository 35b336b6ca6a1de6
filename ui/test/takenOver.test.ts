// A claim that a colleague took over: told at once to whoever looks, wherever they look.
import { afterEach, beforeEach, expect, it } from "vitest";
import { ANA, CLAIM_MS } from "../src/bridge/fake/questions";
import { aside, bridge, close, settle, show } from "./inWindow";

const told = (): string[] => [...document.querySelectorAll(".room [role=alert] p")].map((line) => line.textContent);
const button = (words: string): HTMLButtonElement | undefined => [...document.querySelectorAll<HTMLButtonElement>(".room [role=alert] button")].find((one) => (one.getAttribute("aria-label") ?? one.textContent) === words);
const takes = (id: string): unknown => bridge.desk.change(id, { work: "claimed", claim: { by: ANA, mine: false, device: "desk", otherDevice: false, at: Date.now(), expiresAt: Date.now() + CLAIM_MS } });

beforeEach(async () => {
  await show();
  for (const id of ["q3", "q5"]) await bridge.desk.triage("1", id, bridge.desk.get(id).rev, { do: "claim", takeOver: false });
  await settle();
  aside.desk?.open("q10");
});
afterEach(close);

it("is told with the name, and led back to, while another question is open", async () => {
  takes("q3");
  await settle();
  expect(told()).toEqual([`${ANA.name} took over #3. Your draft is kept.`]);
  button("Open")?.click();
  await settle();
  expect([aside.desk?.opened, told()]).toEqual(["q3", []]);
});

it("is no news where it was given back, never was mine, or is mine again", async () => {
  takes("q10");
  bridge.desk.change("q3", { work: "open", claim: null });
  takes("q5");
  await settle();
  expect(told()).toEqual([`${ANA.name} took over #5. Your draft is kept.`]);
  await bridge.desk.triage("1", "q5", bridge.desk.get("q5").rev, { do: "claim", takeOver: true });
  await settle();
  expect(told()).toEqual([]);
  takes("q5");
  await settle();
  button("Dismiss")?.click();
  await settle();
  expect(told()).toEqual([]);
});

it("is told in its room to whoever was in another one meanwhile, once, and stands there until it is read", async () => {
  const room = async (id: string): Promise<void> => {
    await aside.show(id);
    await settle();
  };
  await room("2");
  takes("q3");
  await settle();
  await room("1");
  expect(told()).toEqual([`${ANA.name} took over #3. Your draft is kept.`]);
  await room("2");
  await room("1");
  expect(told()).toEqual([`${ANA.name} took over #3. Your draft is kept.`]);
  button("Dismiss")?.click();
  await room("2");
  bridge.desk.change("q5", { work: "open", claim: null });
  await room("1");
  expect(told()).toEqual([]);
});
