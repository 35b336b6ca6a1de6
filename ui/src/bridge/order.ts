// Keeping order in a room; a part of the one interface.
import type { Deeds, Moderation } from "./dto";

export interface OrderBridge {
  /** Held for a moment; how it fares stands in the room's status, also for whoever asks later. */
  remove(room: string, key: string, reason: string): Promise<void>;
  /** Takes a removal back; rejects with `too_late`. */
  keep(room: string, entry: string): Promise<void>;
  removeNow(room: string, entry: string): Promise<void>;
  /** Why an entry was not removed was seen. */
  noteRemoval(room: string): Promise<void>;
  /** For everybody in the room; no seconds: they may speak again. */
  mute(room: string, user: string, seconds: number, reason: string): Promise<void>;
  slow(room: string, seconds: number): Promise<void>;
  moderation(room: string): Promise<Moderation>;
  /** The newest of the log, or what stands before a line of it. */
  deeds(room: string, before: number | null): Promise<Deeds>;
}
