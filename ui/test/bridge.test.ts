// What the real bridge sends.
import { mockIPC, mockWindows } from "@tauri-apps/api/mocks";
import { expect, it } from "vitest";
import { tauriBridge } from "../src/bridge/tauri";

it("half an emoji costs nobody their text", async () => {
  const sent: unknown[] = [];
  mockWindows("main");
  mockIPC((command, args) => void sent.push([command, (args as { text: string }).text]));
  const bridge = tauriBridge();
  await bridge.send("1", "a\ud83d b👍", "message");
  await bridge.answer("1", "q", "\udc4d");
  await bridge.setDraft("1", "\ud83d\ud83d\udc4d", "message");
  expect(sent).toEqual([
    ["send", "a\ufffd b👍"],
    ["answer", "\ufffd"],
    ["set_draft", "\ufffd👍"],
  ]);
});

it("the desk's half emojis cost nobody their answer, and every call is one command", async () => {
  const sent: unknown[] = [];
  mockWindows("main");
  mockIPC((command, args) => void sent.push([command, args]));
  const { desk } = tauriBridge();
  await desk.answerQuestion("1", "q", "a\ud83d", "asker", 7, false);
  await desk.setQuestionDraft("1", "q", "\udc4d", "staff");
  await desk.setEditDraft("1", "q", "a", "\ud83d");
  await desk.triage("1", "q", 3, { do: "claim", takeOver: true });
  expect(sent).toEqual([
    ["answer_question", { room: "1", question: "q", text: "a\ufffd", visibility: "asker", seen: 7, coAnswer: false }],
    ["set_question_draft", { room: "1", question: "q", text: "\ufffd", visibility: "staff" }],
    ["set_edit_draft", { room: "1", question: "q", id: "a", text: "\ufffd" }],
    ["triage", { room: "1", question: "q", rev: 3, step: { do: "claim", takeOver: true } }],
  ]);
});
