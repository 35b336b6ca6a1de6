// The real bridge: each call is one command of the desktop shell.
import { invoke } from "@tauri-apps/api/core";
import { getCurrentWebviewWindow } from "@tauri-apps/api/webviewWindow";
import { asAppError, type Bridge } from "./bridge";
import type { DeskBridge } from "./desk";
import type { HostBridge } from "./host";
import type { OrderBridge } from "./order";
import type { RulesBridge } from "./rules";

async function ask<T>(command: string, args: Record<string, unknown> = {}): Promise<T> {
  try {
    return await invoke<T>(command, args);
  } catch (thrown) {
    throw asAppError(thrown);
  }
}

/** Half an emoji, as some input methods leave it behind, travels to no backend: the whole text would be refused. */
const whole = (text: string): string => text.replace(/\p{Surrogate}/gu, "\ufffd");

/** Which of the app's windows this page stands in. */
export const windowLabel = (): string => getCurrentWebviewWindow().label;

export function tauriBridge(): Bridge {
  const here = getCurrentWebviewWindow();
  return {
    listen: (event, heard) => here.listen(event, ({ payload }) => heard(payload as Parameters<typeof heard>[0])),

    desk: tauriDesk(),
    window: {
      show: (which) => ask("show_window", { which }),
      pin: (pinned) => ask("pin_window", { pinned }),
      strip: (bare) => ask("strip_window", { bare }),
      letClicksThrough: (on) => ask("let_clicks_through", { on }),
      chooseView: (view) => ask("choose_view", { view }),
      drag: () => ask("drag_window"),
      reset: () => ask("reset_windows"),
      answerQuit: (choice) => ask("answer_quit", { choice }),
      keepStands: (stands) => ask("keep_stands", { stands }),
      takeLink: () => ask("take_link"),
      transcripts: () => ask("transcripts"),
      openTranscripts: () => ask("open_transcripts"),
      saveLastHour: (room) => ask("save_last_hour", { room }),
      noteTour: () => ask("note_tour"),
      hotkeys: () => ask("hotkeys"),
      chooseHotkey: (action, key) => ask("choose_hotkey", { action, key }),
    },
    host: tauriHost(),
    rules: tauriRules(),
    order: tauriOrder(),

    boot: (rows) => ask("boot", { rows }),
    painted: (painted) => ask("painted", { painted }),
    saveRoom: (room, form, token) => ask("save_room", { room, form, token }),
    forgetRoom: (room) => ask("forget_room", { room }),
    openRoom: (room) => ask("open_room", { room }),
    leaveRoom: (room) => ask("leave_room", { room }),
    archiveRoom: (room, archived) => ask("archive_room", { room, archived }),
    moveRoom: (room, before) => ask("move_room", { room, before }),
    setToken: (room, token) => ask("set_token", { room, token }),
    reconnect: (room) => ask("reconnect", { room }),

    page: (room, anchor, limit, view) => ask("page", { room, anchor, limit, view }),
    moment: (room, at) => ask("moment", { room, at }),
    pull: (wish) => ask("pull", { wish }),
    markRead: (room, place) => ask("mark_read", { room, place }),
    fillGap: (room, key) => ask("fill_gap", { room, key }),

    send: (room, text, mode) => ask("send", { room, text: whole(text), mode }),
    answer: (room, question, text) => ask("answer", { room, question, text: whole(text) }),
    retry: (room, key) => ask("retry", { room, key }),
    discard: (room, key) => ask("discard", { room, key }),
    draft: (room) => ask("draft", { room }),
    setDraft: (room, text, mode) => ask("set_draft", { room, text: whole(text), mode }),

    saveSettings: (settings) => ask("save_settings", { settings }),
    overlay: () => ask("overlay"),
    renewOverlay: (part) => ask("renew_overlay", { part }),
    closeWindow: (action, remember) => ask("close_window", { action, remember }),
    hideWindow: () => ask("hide_window"),
    dismissNotice: (notice) => ask("dismiss_notice", { notice }),
    openLink: (url) => ask("open_link", { url }),
    diagnostic: (errors) => ask("diagnostic", { errors }),
  };
}

function tauriHost(): HostBridge {
  return {
    places: () => ask("host_places"),
    host: (room, form) => ask("host_room", { room, form }),
    look: (room) => ask("hosting", { room }),
    run: (room, on) => ask("run_hosting", { room, on }),
    chooseAddress: (room, link) => ask("choose_address", { room, link }),
    makeKey: (room, wish) => ask("make_key", { room, wish }),
    revokeKey: (room, key) => ask("revoke_key", { room, key }),
    tryDemo: () => ask("try_demo"),
  };
}

function tauriRules(): RulesBridge {
  return {
    rules: () => ask("rules"),
    saveRules: (rules) => ask("save_rules", { rules }),
    tryRules: (rules, room, kind, user, text) => ask("try_rules", { rules, room, kind, user, text: whole(text) }),
    person: (room, user, before) => ask("person", { room, user, before }),
    setPersonNote: (room, user, note) => ask("set_person_note", { room, user, note: whole(note) }),
  };
}

function tauriOrder(): OrderBridge {
  return {
    remove: (room, key, reason) => ask("remove_entry", { room, key, reason: whole(reason) }),
    keep: (room, entry) => ask("keep_entry", { room, entry }),
    removeNow: (room, entry) => ask("remove_now", { room, entry }),
    noteRemoval: (room) => ask("note_removal", { room }),
    mute: (room, user, seconds, reason) => ask("mute_person", { room, user, seconds, reason: whole(reason) }),
    slow: (room, seconds) => ask("slow_room", { room, seconds }),
    moderation: (room) => ask("moderation", { room }),
    deeds: (room, before) => ask("deeds", { room, before }),
  };
}

function tauriDesk(): DeskBridge {
  return {
    triage: (room, question, rev, step) => ask("triage", { room, question, rev, step }),
    thread: (room, question, older) => ask("thread", { room, question, older }),
    answerQuestion: (room, question, text, visibility, seen, coAnswer) => ask("answer_question", { room, question, text: whole(text), visibility, seen, coAnswer }),
    takeBackAnswer: (room, key) => ask("take_back_answer", { room, key }),
    noteMissed: (room) => ask("note_missed", { room }),
    held: (room, question) => ask("held", { room, question }),
    discardHeld: (room, question) => ask("discard_held", { room, question }),
    editAnswer: (room, id, text) => ask("edit_answer", { room, id, text: whole(text) }),
    retractAnswer: (room, id) => ask("retract_answer", { room, id }),
    vote: (room, question, vote) => ask("vote", { room, question, vote }),
    makeQuestion: (room, key) => ask("make_question", { room, key }),
    look: (room, question, doing) => ask("look", { room, question, doing }),
    questionDraft: (room, question) => ask("question_draft", { room, question }),
    setQuestionDraft: (room, question, text, visibility) => ask("set_question_draft", { room, question, text: whole(text), visibility }),
    setEditDraft: (room, question, id, text) => ask("set_edit_draft", { room, question, id, text: whole(text) }),
    snippets: () => ask("snippets"),
    saveSnippet: (snippet) => ask("save_snippet", { snippet }),
    removeSnippet: (snippet) => ask("remove_snippet", { snippet }),
    search: (room, query, cursor) => ask("search", { room, query, cursor }),
    exportRoom: (room, format, unanswered) => ask("export_room", { room, format, unanswered }),
    cancelExport: () => ask("cancel_export"),
    numbers: (room) => ask("numbers", { room }),
    present: (room, open) => ask("present", { room, open }),
    presentStep: (room, step) => ask("present_step", { room, step }),
    presented: () => ask("presented"),
    keys: () => ask("keys"),
    saveKeys: (keys) => ask("save_keys", { keys }),
  };
}
