// What became of the questions while nobody saw them: told in the desk until somebody has read it.
import { afterEach, beforeEach, expect, it } from "vitest";
import { run } from "../src/state/desk/run";
import { aside, bridge, close, settle, show } from "./inWindow";

const line = (): HTMLButtonElement | null => document.querySelector<HTMLButtonElement>(".desk [role=status] button[title]");
const words = (): string | undefined => line()?.querySelector("span")?.textContent;
async function missed(asked: number, answered: number): Promise<void> {
  bridge.desk.missed = { asked, answered };
  await settle();
}

beforeEach(async () => {
  await show();
});
afterEach(close);

it("says how many are new and how many were answered, in both languages", async () => {
  expect(words()).toBeUndefined();
  await missed(12, 3);
  expect(words()).toBe("12 new questions, 3 answered while you were away");
  await missed(1, 0);
  expect(words()).toBe("1 new question while you were away");
  await missed(0, 1);
  expect(words()).toBe("1 answered while you were away");
  bridge.emit("settings", { ...bridge.scene.settings, locale: "zh-CN" });
  await missed(2, 1);
  expect(words()).toBe("你离开期间：2 个新问题，1 个已回答");
});

it("stays until a click or the key of the new order says that it was read", async () => {
  await missed(2, 0);
  line()?.click();
  await settle();
  expect([words(), bridge.desk.missed]).toEqual([undefined, { asked: 0, answered: 0 }]);
  await missed(2, 0);
  if (aside.desk) run("apply", aside.desk);
  await settle();
  expect([words(), bridge.calls.filter(([name]) => name === "noteMissed").length]).toEqual([undefined, 2]);
});
