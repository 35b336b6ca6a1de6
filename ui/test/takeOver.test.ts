// Taking over what a colleague answers: who leads the room does it at once, everybody else is asked first.
import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Question } from "../src/bridge/dto";
import { language } from "../src/i18n/language.svelte";
import Detail from "../src/questions/Detail.svelte";
import { Habits } from "../src/state/desk/habits.svelte";
import { run } from "../src/state/desk/run";
import { bridge, desk, look, open, reopen, settle } from "./atDesk";

beforeEach(() => {
  language.choose("en", "en");
  vi.useFakeTimers();
  open("server");
});
afterEach(() => {
  desk.close();
  vi.useRealTimers();
});

const mine = (): boolean | undefined => bridge.desk.get("q4").claim?.mine;

it.each([["a host takes over at once", true], ["a colleague is asked first", false]])("by its key %s", async (_, leads) => {
  reopen(leads);
  desk.board.goTo("q4");
  run("takeOver", desk);
  await settle();
  expect([mine(), desk.sheet?.kind]).toEqual(leads ? [true, undefined] : [false, "takeOver"]);
});

it("a host's is taken back like any step", async () => {
  reopen(true);
  desk.board.goTo("q4");
  run("takeOver", desk);
  await settle();
  run("undo", desk);
  await settle();
  expect(bridge.desk.get("q4").claim).toBeNull();
});

it.each([["a host takes over at once", true], ["a colleague is asked first", false]])("by the button above the field %s", async (_, leads) => {
  reopen(leads);
  await look("q4");
  const view = mount(Detail, { target: document.body, props: { desk, habits: new Habits(bridge), now: 0, org: "", contentBytes: 8_192, openLink: () => undefined, about: () => undefined, remove: null, get question() { return desk.question as Question; } } });
  flushSync();
  [...document.querySelectorAll<HTMLButtonElement>(".composer button")].find(({ textContent }) => textContent === "Take over")?.click();
  await settle();
  expect([mine(), document.querySelector(".composer")?.textContent.includes("Cancel")]).toEqual(leads ? [true, false] : [false, true]);
  await unmount(view);
});
