// What stands under an own row: how far it has come, in words, and only what a person can do about it.
import { flushSync, mount, unmount } from "svelte";
import { afterEach, expect, it } from "vitest";
import type { Row } from "../src/bridge/dto";
import { FakeRoom } from "../src/bridge/fake/room";
import Delivery from "../src/chat/Delivery.svelte";

let view: Record<string, unknown> | undefined;

afterEach(async () => {
  if (view) await unmount(view);
  document.body.replaceChildren();
});

function shown(change: Partial<Row>, shut = false, showQuestion: ((id: string) => void) | null = null, discard = (): unknown => undefined): { words: string; buttons: string[] } {
  const room = new FakeRoom();
  room.say({ kind: "question", user: "me", name: "Alex", mine: true, text: "Why?", ...change }, 0);
  view = mount(Delivery, { target: document.body, props: { row: room.rows[0] as Row, shut, showQuestion, retry: () => undefined, discard } });
  flushSync();
  const buttons = [...document.querySelectorAll("button")].map((button) => button.textContent);
  return { words: document.body.textContent, buttons };
}

it("says that a question waits for review, and offers nothing", () => {
  const { words, buttons } = shown({ delivery: "inReview" });
  expect(words).toContain("Waiting for review");
  expect(buttons).toEqual([]);
});

it("says that it was not accepted, and why, and does not offer to ask the same again", () => {
  const { words, buttons } = shown({ delivery: "failed", failure: "rejected", failureReason: "off topic" });
  expect(words).toMatch(/Not accepted\..*off topic/s);
  expect(words).not.toContain("Not sent");
  expect(buttons).toEqual(["Discard"]);
});

it("says that the room forgot it, which may be asked again", () => {
  const { words, buttons } = shown({ delivery: "failed", failure: "withdrawn" });
  expect(words).toContain("began anew");
  expect(buttons).toEqual(["Retry", "Discard"]);
});

it("leads from an answer that was held to its question, where the one way on is, and offers no retry that would be held again", () => {
  const led: string[] = [];
  const held = { delivery: "failed", failure: "overtaken", failureReason: "q3" } as const;
  const { words, buttons } = shown(held, false, (id) => led.push(id));
  expect([words.includes("Somebody else answered first"), words.includes("q3"), buttons]).toEqual([true, false, ["Open the question", "Discard"]]);
  document.querySelector("button")?.click();
  expect(led).toEqual(["q3"]);
  document.body.replaceChildren();
  expect(shown(held).buttons).toEqual(["Discard"]);
});

it("is thrown away by a second press alone", () => {
  const thrown: string[] = [];
  const { buttons } = shown({ delivery: "failed", failure: "withdrawn" }, false, null, () => thrown.push("gone"));
  const press = (words: string): string[] => {
    [...document.querySelectorAll("button")].find((button) => button.textContent === words)?.click();
    flushSync();
    return [...document.querySelectorAll("button")].map((button) => button.textContent);
  };
  expect([press("Discard"), thrown]).toEqual([["Retry", "Discard for good", "Cancel"], []]);
  expect([press("Cancel"), thrown]).toEqual([buttons, []]);
  press("Discard");
  expect([press("Discard for good"), thrown].at(1)).toEqual(["gone"]);
});

it("offers nothing that only a room that is open can do, and says that what has not left waits", () => {
  const { words, buttons } = shown({ delivery: "failed", failure: "withdrawn" }, true);
  expect([words.includes("Not sent."), buttons]).toEqual([true, []]);
  document.body.replaceChildren();
  expect(shown({ delivery: "sending" }, true).words).toBe("Leaves when the room is open again");
});
