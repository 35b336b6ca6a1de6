// Which rows stand in the chat, in their order: what was said, what I asked that waits for approval, and what is still on its way.
import type { Outgoing } from "./room/outbox";
import type { Entry, Item } from "./room/wire";
import { midnight } from "./words/language.svelte";

export type Row = { key: string; at: number; /** The first of its day. */ day: boolean; /** Says who it was, as the one above did. */ grouped: boolean } & (
  | { kind: "entry"; entry: Entry }
  | { kind: "waiting"; item: Item }
  | { kind: "outgoing"; outgoing: Outgoing }
);

const GROUP_MS = 3 * 60_000;

export function shown(entries: readonly Entry[], waiting: readonly Item[], outbox: readonly Outgoing[]): Row[] {
  const rows: Row[] = [];
  const left = [...waiting];
  const from = entries[0]?.at ?? 0;
  // What was asked before the oldest row that is held is further up.
  while (entries.length > 0 && left[0] && left[0].askedAt < from) left.shift();
  for (const entry of entries) {
    while (left[0] && left[0].askedAt <= entry.at) add(rows, waitingRow(left.shift() as Item));
    add(rows, { kind: "entry", entry, key: `e${entry.seq}`, at: entry.at, day: false, grouped: false });
  }
  for (const item of left) add(rows, waitingRow(item));
  for (const outgoing of outbox) add(rows, { kind: "outgoing", outgoing, key: outgoing.nonce, at: outgoing.at, day: false, grouped: false });
  return rows;
}

const waitingRow = (item: Item): Row => ({ kind: "waiting", item, key: item.questionId, at: item.askedAt, day: false, grouped: false });

function add(rows: Row[], row: Row): void {
  const above = rows.at(-1);
  row.day = row.at > 0 && (!above || midnight(above.at) !== midnight(row.at));
  row.grouped = !row.day && above !== undefined && speaker(row) !== null && speaker(row) === speaker(above) && row.at - above.at < GROUP_MS;
  rows.push(row);
}

/** Only plain messages run together. */
function speaker(row: Row): string | null {
  return row.kind === "entry" && row.entry.kind === "message" && !row.entry.removed ? row.entry.user : null;
}
