// Calls every command that takes something with what a hostile page might send: in all arguments, then in one beside good ones.
const invoke = window.__TAURI_INTERNALS__.invoke;
const room = (await invoke("boot", { rows: 1 })).rooms[0].id;
const huge = "x".repeat(10_000_000);
let deep = [];
for (let depth = 0; depth < 100; depth++) deep = [deep];
const hostile = { nothing: null, yes: true, minus: -1, part: 0.5, vast: 1e308, beyond: 2 ** 63, empty: "", path: "../../etc/passwd", huge, list: [], record: {}, deep, proto: JSON.parse('{"__proto__":{"x":1}}'), control: "\u0000\u001b\u202e", half: "\ud800" };
const form = { server: "https://rooms.invalid", socket: "", topic: "t", stream: "s", name: "", user: "", avatar: "", allowInsecure: false };
const good = {
  save_room: { room, form, token: null },
  forget_room: { room: "00000000-0000-4000-8000-000000000000" },
  open_room: { room },
  archive_room: { room: "00000000-0000-4000-8000-000000000000", archived: true },
  move_room: { room, before: null },
  diagnostic: { errors: ["x"] },
  leave_room: { room: "00000000-0000-4000-8000-000000000000" },
  set_token: { room: "00000000-0000-4000-8000-000000000000", token: "t" },
  reconnect: { room: "00000000-0000-4000-8000-000000000000" },
  host_room: { room: "00000000-0000-4000-8000-000000000000", form: { name: "", host: "", org: "", logo: "", guests: true, review: false, reach: { from: "here" }, port: 0 } },
  hosting: { room: "00000000-0000-4000-8000-000000000000" },
  run_hosting: { room: "00000000-0000-4000-8000-000000000000", on: true },
  choose_address: { room: "00000000-0000-4000-8000-000000000000", link: "x" },
  make_key: { room: "00000000-0000-4000-8000-000000000000", wish: { name: "x", role: "host", hours: 1 } },
  revoke_key: { room: "00000000-0000-4000-8000-000000000000", key: "x" },
  page: { room, anchor: { at: "end" }, limit: 10, view: "questions" },
  moment: { room, at: 0 },
  boot: { rows: 10 },
  pull: { wish: { room, view: "questions", since: 0, known: 0, rows: 10, reading: "sampled", questionsSince: null } },
  note_missed: { room },
  mark_read: { room, place: 0 },
  fill_gap: { room, key: "1" },
  painted: { painted: { seq: 0, rows: 0, frames: 0, late: 0, blank: 0 } },
  send: { room, text: "", mode: "message" },
  answer: { room, question: "q", text: "" },
  retry: { room, key: "1" },
  discard: { room, key: "1" },
  take_back_answer: { room, key: "1" },
  draft: { room },
  set_draft: { room, text: "", mode: "message" },
  triage: { room, question: "q", rev: 0, step: { do: "claim", takeOver: false } },
  thread: { room, question: "q" },
  answer_question: { room, question: "q", text: "", visibility: "public", seen: 0, coAnswer: false },
  held: { room, question: "q" },
  discard_held: { room, question: "q" },
  edit_answer: { room, id: "q", text: "" },
  retract_answer: { room, id: "q" },
  vote: { room, question: "q", vote: true },
  make_question: { room, key: "1" },
  look: { room, question: null, doing: "viewing" },
  question_draft: { room, question: "q" },
  set_question_draft: { room, question: "q", text: "" },
  set_edit_draft: { room, question: "q", id: "a", text: "" },
  save_snippet: { snippet: { id: "", name: "", text: "", room: null, team: false, rev: 0 } },
  remove_snippet: { snippet: { id: "00000000-0000-4000-8000-000000000000", name: "", text: "", room: null, team: false, rev: 0 } },
  search: { room, query: "x", cursor: null },
  numbers: { room },
  export_room: { room: "00000000-0000-4000-8000-000000000000", format: "csv", unanswered: false },
  save_rules: { rules: { list: [], volume: 50, apart: 5 } },
  try_rules: { rules: { list: [], volume: 50, apart: 5 }, room, kind: "message", user: "", text: "x" },
  person: { room, user: "bo", before: null },
  set_person_note: { room, user: "bo", note: "" },
  remove_entry: { room, key: "1", reason: "" },
  keep_entry: { room, entry: "e" },
  remove_now: { room, entry: "e" },
  note_removal: { room },
  mute_person: { room, user: "bo", seconds: 0, reason: "" },
  slow_room: { room, seconds: 0 },
  moderation: { room },
  deeds: { room, before: null },
  present: { room: "00000000-0000-4000-8000-000000000000", open: true },
  save_keys: { keys: { next: "j" } },
  choose_view: { view: "" },
  save_settings: { settings: { locale: "nowhere" } },
  renew_overlay: { part: "path" },
  save_last_hour: { room: "00000000-0000-4000-8000-000000000000" },
  choose_hotkey: { action: "toggle", key: null },
  answer_quit: { choice: "stay" },
  close_window: { action: "stay", remember: false },
  show_window: { which: "main" },
  pin_window: { pinned: false },
  strip_window: { bare: false },
  let_clicks_through: { on: false },
  keep_stands: { stands: {} },
  dismiss_notice: { notice: { code: "x", params: {} } },
  open_link: { url: "javascript:alert(1)" },
};
const result = { calls: 0, refused: 0, untyped: [], swallowed: [], slowest: [0, ""] };

async function call(command, args, what) {
  const began = performance.now();
  result.calls++;
  const big = what.endsWith("huge");
  try {
    await invoke(command, args);
    if (big) result.swallowed.push(what);
  } catch (error) {
    result.refused++;
    const typed = typeof error === "object" && error !== null && typeof error.code === "string" && typeof error.params === "object";
    // No text at all: refused where JSON is read, before any command.
    const halved = what.endsWith("half") && typeof error === "string";
    if (!typed && !halved) result.untyped.push(`${what}: ${JSON.stringify(error)?.slice(0, 200)}`);
    if (JSON.stringify(error).length > 1_000) result.untyped.push(`${what}: an error that repeats what was sent`);
  }
  const took = performance.now() - began;
  if (big && took > result.slowest[0]) result.slowest = [Math.round(took), what];
}

// The `a`th of `b` parts: the driver does not wait for all of it at once.
for (const [command, args] of Object.entries(good).filter((_, nth) => nth % b === a)) {
  for (const [name, value] of Object.entries(hostile)) {
    // A room or a draft of somebody's own making is no attack.
    const all = Object.fromEntries(Object.keys(args).map((key) => [key, value]));
    await call(command, all, `${command}, all ${name}`);
    for (const key of Object.keys(args)) {
      if (command === "set_draft" && key === "text" && name !== "huge") continue;
      if (command === "send" && key === "text" && name !== "huge") continue;
      if (command === "save_room" && key !== "form") continue;
      await call(command, { ...args, [key]: value }, `${command}, ${key} ${name}`);
    }
  }
  await call(command, {}, `${command}, nothing at all`);
  // The window as it was: bare, it would not say how the room stands.
  if (["pin_window", "strip_window", "let_clicks_through"].includes(command)) await invoke(command, args);
}
for (const key of Object.keys(form)) {
  if (a === 0 && key !== "allowInsecure") await call("save_room", { room: null, form: { ...form, [key]: huge }, token: null }, `save_room, form.${key} huge`);
}
return result;
