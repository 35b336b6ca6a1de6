// The sheets of a window, of which one at most is open, and what the shell asks in front of it.
import type { Boot, Row, SavedRoom, SavedView, Undone } from "../bridge/dto";
import type { Who } from "./person.svelte";

/** What somebody opened. */
export type Opened =
  | { kind: "join"; editing: SavedRoom | null; link?: string }
  | { kind: "host"; editing: SavedRoom | null }
  | { kind: "hosting"; room: SavedRoom }
  | { kind: "settings" }
  | { kind: "guide" }
  | { kind: "archive" }
  | { kind: "diagnostic" }
  | { kind: "forget"; room: SavedRoom }
  | { kind: "token"; room: SavedRoom }
  | { kind: "rules" }
  | { kind: "person"; who: Who }
  | { kind: "silence"; who: Who }
  | { kind: "remove"; row: Row }
  | { kind: "moderation" }
  /** Going to a moment; prefilled with this one, else with that of the row that is looked at. */
  | { kind: "date"; at: number | null }
  | { kind: "view"; view: SavedView };

/** What the shell asks; `over` is what stands behind it with all that was typed into it. */
export type Asked = { over: Opened | null } & (
  | { kind: "close" }
  | { kind: "quit"; undone: readonly Undone[] }
);

/** What stands in front of the room, if anything. */
export type Sheet = Opened | Asked;

export const isAsked = (sheet: Sheet | null): sheet is Asked => sheet?.kind === "close" || sheet?.kind === "quit";
export const openedIn = (sheet: Sheet | null): Opened | null => (isAsked(sheet) ? sheet.over : sheet);

/** The shell wants to know what closing means, or what becomes of what a Quit would leave. */
export const askedOver = (sheet: Sheet | null, undone: readonly Undone[] | null): Asked => ({ ...(undone ? { kind: "quit", undone } : { kind: "close" }), over: openedIn(sheet) });

/** What stands there at a beginning: the shell may have asked when nobody heard. */
export function askedBy({ closing, quitting }: Boot, sheet: Sheet | null): Sheet | null {
  if (quitting.length > 0) return askedOver(sheet, quitting);
  return closing ? askedOver(sheet, null) : sheet;
}
