// The real bridge: each call is one command of the desktop shell.
import { invoke } from "@tauri-apps/api/core";
import { getCurrentWebviewWindow } from "@tauri-apps/api/webviewWindow";
import { asAppError, type Bridge } from "./bridge";

async function ask<T>(command: string, args: Record<string, unknown> = {}): Promise<T> {
  try {
    return await invoke<T>(command, args);
  } catch (thrown) {
    throw asAppError(thrown);
  }
}

/** Half an emoji, as some input methods leave it behind, travels to no backend: the whole text would be refused. */
const whole = (text: string): string => text.replace(/\p{Surrogate}/gu, "\ufffd");

export function tauriBridge(): Bridge {
  const here = getCurrentWebviewWindow();
  return {
    listen: (event, heard) => here.listen(event, ({ payload }) => heard(payload as Parameters<typeof heard>[0])),

    boot: () => ask("boot"),
    saveRoom: (room, form, token) => ask("save_room", { room, form, token }),
    forgetRoom: (room) => ask("forget_room", { room }),
    openRoom: (room) => ask("open_room", { room }),
    leaveRoom: (room) => ask("leave_room", { room }),
    setToken: (room, token) => ask("set_token", { room, token }),
    reconnect: (room) => ask("reconnect", { room }),

    page: (room, anchor, limit) => ask("page", { room, anchor, limit }),
    pull: (room, since, limit) => ask("pull", { room, since, limit }),
    markRead: (room, place) => ask("mark_read", { room, place }),
    fillGap: (room, key) => ask("fill_gap", { room, key }),

    send: (room, text, mode) => ask("send", { room, text: whole(text), mode }),
    answer: (room, question, text) => ask("answer", { room, question, text: whole(text) }),
    retry: (room, key) => ask("retry", { room, key }),
    discard: (room, key) => ask("discard", { room, key }),
    draft: (room) => ask("draft", { room }),
    setDraft: (room, text, mode) => ask("set_draft", { room, text: whole(text), mode }),

    saveSettings: (settings) => ask("save_settings", { settings }),
    closeWindow: (action, remember) => ask("close_window", { action, remember }),
    hideWindow: () => ask("hide_window"),
    openLink: (url) => ask("open_link", { url }),
  };
}
