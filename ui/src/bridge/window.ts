// What a page may ask about the window it stands in, and about the keys that reach it from other programs.
import type { Exported, HotkeyAction, Hotkeys, QuitChoice, Stand, Transcripts, WhichWindow } from "./dto";

export interface WindowBridge {
  /** Brings the one or the other window of a room to the front. */
  show(which: WhichWindow): Promise<void>;
  /** In front of all others, or no longer. */
  pin(pinned: boolean): Promise<void>;
  /** Nothing but the rows, or everything. */
  strip(bare: boolean): Promise<void>;
  /** What lies under the side window gets its clicks, or no longer. */
  letClicksThrough(on: boolean): Promise<void>;
  /** Which view of a room the window shows from now on. */
  chooseView(view: string): Promise<void>;
  /** The pointer moves the window until it is let go. */
  drag(): Promise<void>;
  reset(): Promise<void>;
  /** To the question whether to quit: it is on the screen, or a person has answered it. */
  answerQuit(choice: QuitChoice): Promise<void>;
  /** Where the reader stands, by room: the page that comes after this one goes on there. */
  keepStands(stands: Readonly<Record<string, Stand>>): Promise<void>;
  /** The `aside://` link that was opened, once. */
  takeLink(): Promise<string | null>;
  /** Where what was said is kept as text. */
  transcripts(): Promise<Transcripts>;
  openTranscripts(): Promise<void>;
  saveLastHour(room: string): Promise<Exported>;
  /** The tour was shown: it does not come again by itself. */
  noteTour(): Promise<void>;
  hotkeys(): Promise<Hotkeys>;
  chooseHotkey(action: HotkeyAction, key: string | null): Promise<void>;
}
