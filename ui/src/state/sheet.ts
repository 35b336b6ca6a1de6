// The sheets of a window, of which one at most is open.
import type { Boot, Row, SavedRoom, SavedView, Undone } from "../bridge/dto";
import type { Who } from "./person.svelte";

/** What stands in front of the room, if anything. */
export type Sheet =
  | { kind: "join"; editing: SavedRoom | null; link?: string }
  | { kind: "host"; editing: SavedRoom | null }
  | { kind: "hosting"; room: SavedRoom }
  | { kind: "settings" }
  | { kind: "guide" }
  | { kind: "archive" }
  | { kind: "diagnostic" }
  | { kind: "close" }
  | { kind: "quit"; undone: readonly Undone[] }
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

/** What the shell wants to know of a person, if anything. */
export function askedBy({ closing, quitting }: Boot): Sheet | null {
  if (quitting.length > 0) return { kind: "quit", undone: quitting };
  return closing ? { kind: "close" } : null;
}
