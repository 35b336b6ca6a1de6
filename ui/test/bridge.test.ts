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
