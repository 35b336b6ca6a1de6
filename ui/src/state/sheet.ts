// The sheets of a window, of which one at most is open.
import type { Row, SavedRoom, SavedView } from "../bridge/dto";
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
