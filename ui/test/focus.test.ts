// Where the focus goes when what had it goes: never nowhere, where the next letter would be a key of the desk.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newRule } from "../src/state/rules.svelte";
import { aside, bridge, close, settle, showWith } from "./inWindow";

beforeEach(() => showWith("rows=12&rooms=3"));
afterEach(close);

const named = (element: Element | null): string => element?.getAttribute("aria-label") ?? element?.textContent.trim() ?? "";
const focused = (): string => (document.activeElement === document.body ? "nothing" : named(document.activeElement));

/** Presses a button as one does with a keyboard. */
async function press(words: string): Promise<void> {
  const button = [...document.querySelectorAll<HTMLElement>("button")].find((each) => named(each) === words);
  if (!button) throw new Error(`no button says ${words}`);
  button.focus();
  button.click();
  await settle();
}

async function escape(): Promise<void> {
  document.querySelector("dialog[open]")?.dispatchEvent(new Event("cancel", { cancelable: true }));
  await settle();
}

const labels = (): string[] => aside.list.listed.map(({ label }) => label);
const actionsOf = (label: string | undefined): string => `Actions for ${label}`;

describe("in the list of rooms", () => {
  it.each(["Edit", "Enter another token", "Forget"])("the sheet behind %s gives it back to the room's actions", async (words) => {
    const [, second] = labels();
    await press(actionsOf(second));
    await press(words);
    expect(document.activeElement?.closest("dialog")).not.toBeNull();
    await escape();
    expect(focused()).toBe(actionsOf(second));
  });

  it("stays with a room that is left, and goes to the next one when it is put away or forgotten", async () => {
    const [first, second, third] = labels();
    await press(actionsOf(second));
    await press("Leave");
    expect(focused()).toBe(actionsOf(second));
    await press(actionsOf(second));
    await press("Archive");
    expect([labels(), focused()]).toEqual([[first, third], actionsOf(third)]);
    await press(actionsOf(first));
    await press("Forget");
    const forget = [...document.querySelectorAll<HTMLElement>("dialog .danger")].at(-1);
    forget?.focus();
    forget?.click();
    await settle();
    expect([labels(), focused()]).toEqual([[third], actionsOf(third)]);
  });

  it("stays where it is while its room is moved, and at either end of the list", async () => {
    const [first, second, third] = labels();
    await press(actionsOf(second));
    await press("Move down");
    expect([labels(), focused()]).toEqual([[first, third, second], "Move down"]);
    await press("Move down");
    expect([labels(), focused()]).toEqual([[first, third, second], "Move down"]);
    expect(document.activeElement?.getAttribute("aria-disabled")).toBe("true");
    for (const words of [[first, second, third], [second, first, third]]) {
      await press("Move up");
      expect([labels(), focused()]).toEqual([words, "Move up"]);
    }
  });
});

describe("in the sheet of the rules", () => {
  beforeEach(async () => {
    for (const text of ["one", "two", "three"]) await aside.rules.put({ ...newRule({ by: "words", text }, { do: "mute" }), id: text });
    aside.sheet = { kind: "rules" };
    await settle();
  });

  it("goes into the form of a rule and back to that rule", async () => {
    for (const leave of ["Cancel", "Save"]) {
      await press("Change: “two”");
      expect(document.activeElement).toBe(document.querySelector("dialog form select"));
      await press(leave);
      expect(focused()).toBe("Change: “two”");
    }
    await press("Add a rule");
    expect(document.activeElement).toBe(document.querySelector("dialog form select"));
    await press("Cancel");
    expect(focused()).toBe("Add a rule");
  });

  it("stays with a rule that is moved", async () => {
    const [, second] = aside.rules.all.list.map(({ id }) => `Move up: “${id}”`);
    await press(second ?? "");
    await press(second ?? "");
    expect([aside.rules.all.list.map(({ id }) => `Move up: “${id}”`)[0], focused()]).toEqual([second, second]);
  });

  it("goes on to the next rule when one is removed, from the last to the one before it, and then to the heading", async () => {
    const [first, second, third] = aside.rules.all.list.map(({ id }) => `Remove: “${id}”`);
    await press(second ?? "");
    expect(focused()).toBe(third);
    await press(third ?? "");
    expect(focused()).toBe(first);
    await press(first ?? "");
    expect(document.activeElement).toBe(document.querySelector("dialog h2"));
  });
});

describe("in other sheets", () => {
  it("goes on to the next room that is out of sight, and to the heading after the last", async () => {
    const [, second, third] = labels();
    for (const room of aside.rooms.slice(1)) await bridge.archiveRoom(room.id, true);
    aside.sheet = { kind: "archive" };
    await settle();
    await press(`Bring back: ${second}`);
    expect(focused()).toBe(`Bring back: ${third}`);
    await press(`Bring back: ${third}`);
    expect(document.activeElement).toBe(document.querySelector("dialog h2"));
  });

  it("goes on to the next token when one is revoked", async () => {
    const room = await bridge.host.tryDemo();
    for (const name of ["Ann", "Bo"]) await bridge.host.makeKey(room.id, { name, role: "staff", hours: 24 });
    aside.sheet = { kind: "hosting", room };
    await settle();
    await press("Revoke the token of Ann");
    expect(focused()).toBe("Revoke the token of Bo");
  });

  it("is not taken from whoever went elsewhere", async () => {
    for (const room of aside.rooms.slice(1)) await bridge.archiveRoom(room.id, true);
    aside.sheet = { kind: "archive" };
    await settle();
    const [back] = [...document.querySelectorAll<HTMLElement>("dialog li button")];
    back?.focus();
    back?.blur();
    await settle();
    await bridge.archiveRoom(aside.list.archived[0]?.id ?? "", false);
    await settle();
    expect(focused()).toBe("nothing");
  });
});
