// Every sheet there is, with something in it: a kind that is missing here is an error of the types.
import type { Row } from "../src/bridge/dto";
import type { FakeBridge } from "../src/bridge/fake/fake";
import type { Aside } from "../src/state/aside.svelte";
import type { DeskSheet } from "../src/state/desk/desk.svelte";
import type { Sheet } from "../src/state/sheet";

const QUESTION = "q5";

const sheets: { [K in Sheet["kind"]]: (aside: Aside, bridge: FakeBridge) => Extract<Sheet, { kind: K }> | Promise<Extract<Sheet, { kind: K }>> } = {
  join: () => ({ kind: "join", editing: null }),
  host: () => ({ kind: "host", editing: null }),
  hosting: async (_, bridge) => ({ kind: "hosting", room: await bridge.host.tryDemo() }),
  settings: () => ({ kind: "settings" }),
  guide: () => ({ kind: "guide" }),
  archive: async (aside, bridge) => {
    await bridge.archiveRoom(first(aside.rooms).id, true);
    return { kind: "archive" };
  },
  diagnostic: () => ({ kind: "diagnostic" }),
  close: () => ({ kind: "close", over: null }),
  quit: () => ({
    kind: "quit",
    over: null,
    undone: [
      { id: "a", room: "2026 全国用户大会", questions: [{ id: "q1", number: 4 }, { id: "q2", number: 12 }], drafts: 3, unsent: 2, held: 1, claims: 1, people: 0 },
      { id: "b", room: "Fragestunde", questions: [], drafts: 0, unsent: 0, held: 0, claims: 0, people: 118 },
    ],
  }),
  forget: (aside) => ({ kind: "forget", room: first(aside.rooms) }),
  token: (aside) => ({ kind: "token", room: first(aside.rooms) }),
  rules: () => ({ kind: "rules" }),
  person: (_, bridge) => ({ kind: "person", who: someRow(bridge) }),
  silence: (_, bridge) => ({ kind: "silence", who: someRow(bridge) }),
  remove: (_, bridge) => ({ kind: "remove", row: someRow(bridge) }),
  moderation: () => ({ kind: "moderation" }),
  date: () => ({ kind: "date", at: null }),
  view: () => ({ kind: "view", view: { id: "a", name: "Beamer", kinds: ["question"], words: ["beamer", "投影"], pattern: "", people: [] } }),
};

const deskSheets: { [K in DeskSheet["kind"]]: DeskSheet & { kind: K } } = {
  keys: { kind: "keys" },
  palette: { kind: "palette" },
  search: { kind: "search" },
  export: { kind: "export" },
  goTo: { kind: "goTo" },
  snippets: { kind: "snippets" },
  merge: { kind: "merge", question: QUESTION },
  tags: { kind: "tags", question: QUESTION },
  text: { kind: "text", question: QUESTION },
  note: { kind: "note", question: QUESTION },
  reject: { kind: "reject", question: QUESTION },
  takeOver: { kind: "takeOver", question: QUESTION },
};

export const everySheet = [...Object.keys(sheets), ...Object.keys(deskSheets)] as (Sheet["kind"] | DeskSheet["kind"])[];

/** Opens one; the room is that of somebody who answers. */
export async function openSheet(kind: (typeof everySheet)[number], aside: Aside, bridge: FakeBridge): Promise<void> {
  if (kind in sheets) aside.sheet = await sheets[kind as Sheet["kind"]](aside, bridge);
  else if (aside.desk) aside.desk.sheet = deskSheets[kind as DeskSheet["kind"]];
}

function first<T>(list: readonly T[]): T {
  const [one] = list;
  if (one === undefined) throw new Error("there is none");
  return one;
}

const someRow = (bridge: FakeBridge): Row => first(bridge.room.rows.filter((row) => row.kind === "message" && !row.mine));
