// Snippets: where one is being asked for, which come first, what is filled in, and what still waits.
import { describe, expect, it } from "vitest";
import type { Snippet } from "../src/bridge/dto";
import { blankQuestion } from "../src/bridge/fake/questions";
import { fieldAfter, fill, fuzzy, matching, missingField, slashBefore } from "../src/state/desk/snippetText";
import { cut } from "../src/state/desk/search.svelte";

const snippet = (name: string, text = ""): Snippet => ({ id: name, name, text, room: null, team: false, rev: 0 });

describe("a slash", () => {
  it("asks for snippets at the start of a word, and nowhere else", () => {
    const at = (text: string) => slashBefore(text, text.length)?.query ?? null;
    expect([at("/"), at("Hello /rec"), at("（/稍"), at("and/or"), at("1/2"), at("https://x"), at("/rec "), at("")]).toEqual(["", "rec", "稍", null, null, null, null, null]);
    expect(slashBefore("Hi /rec more", 7)).toEqual({ from: 3, query: "rec" });
  });
});

describe("what is offered", () => {
  it("is found by name before text, by letters in order", () => {
    const all = [snippet("thanks", "see the recording"), snippet("recording"), snippet("re-connect"), snippet("price")];
    expect(matching(all, "rec").map(({ name }) => name)).toEqual(["recording", "re-connect", "thanks"]);
    expect(matching(all, "").length).toBe(4);
    const [team, own] = [{ ...snippet("thanks", "team"), team: true }, snippet("thanks", "own")];
    expect(matching([team, own], "tha").map(({ text }) => text)).toEqual(["own", "team"]);
    expect([fuzzy("xyz", "recording"), fuzzy("rcg", "recording")]).toEqual([null, expect.any(Number)]);
  });
});

describe("fields", () => {
  const question = { ...blankQuestion(12, 0), asker: { user: "u", name: "Bo {ask:x}", avatar: null }, alsoAsked: ["Ines"] };

  it("that are known are filled in; a name cannot pretend to be one", () => {
    expect(fill("Hello {asker}, {number}: {org} {ask:link} {other}", question, "North {org}")).toBe("Hello Bo ask:x, Ines, #12: North org {ask:link} {other}");
    expect(fill("{asker} {number}", null, "")).toBe("{asker} {number}");
  });

  it("that wait are gone through in turn", () => {
    const text = "{ask:a} and {ask:b}";
    expect([missingField(text)?.name, fieldAfter(text, 7)?.name, fieldAfter(text, 19)?.name, missingField("none {ask:}")]).toEqual(["a", "b", "a", null]);
    expect(fieldAfter(text, 7)).toEqual({ name: "b", from: 12, to: 19 });
  });

  it("that nothing is known for wait like those that ask", () => {
    const nobody = { ...question, asker: { user: "", name: "", avatar: null }, alsoAsked: [] };
    expect([missingField(fill("Thanks {asker}", nobody, "North"))?.name, missingField(fill("{org} will see to {number}", question, ""))]).toEqual(["asker", { name: "org", from: 0, to: 5 }]);
    expect(missingField(fill("{asker}, {number}: {org} {other}", question, "North"))).toBeNull();
  });
});

it("highlights cut a text, and ranges that do not fit it are left out", () => {
  expect(cut("请问 token 过期", [[3, 8]])).toEqual([{ text: "请问 ", hit: false }, { text: "token", hit: true }, { text: " 过期", hit: false }]);
  expect(cut("abc", [[2, 9], [1, 1]])).toEqual([{ text: "abc", hit: false }]);
  expect(cut("abcd", [[0, 2], [1, 3]]).map(({ text }) => text)).toEqual(["ab", "cd"]);
});
