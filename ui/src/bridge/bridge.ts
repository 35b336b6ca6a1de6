// Everything the window may ask of the backend and hear from it: the one interface, with a real and an invented implementation.
import type { DeskBridge } from "./desk";
import type { Anchor, AppError, Boot, CloseAction, Draft, ExportProgress, Moment, Notice, Overlay, OverlayPart, Page, Painted, Pull, PullWish, RoomForm, RoomStatus, Rules, SavedRoom, SendMode, Settings, ShowRoom, Undone, WindowLook } from "./dto";
import type { HostBridge } from "./host";
import type { OrderBridge } from "./order";
import type { RulesBridge } from "./rules";
import type { WindowBridge } from "./window";

/** What the backend says unasked. Every listener returns the way to stop listening. */
export interface BridgeEvents {
  tick: null;
  "close-asked": null;
  /** A Quit would leave this undone: a person is asked first. */
  "quit-asked": readonly Undone[];
  "show-room": ShowRoom;
  settings: Settings;
  /** The list of rooms changed, in whichever window. */
  rooms: readonly SavedRoom[];
  /** The rules in force, and the keys that were chosen, in whichever window. */
  rules: Rules;
  keys: Readonly<Record<string, string>>;
  /** A key that works everywhere: all that has come was read. */
  "mark-read": null;
  export: ExportProgress;
  streamer: boolean;
  window: WindowLook;
  /** An `aside://` link was opened: whoever takes it first fills a join form. */
  link: null;
  /** A key says that somebody wants to write. */
  write: null;
}

export type Unlisten = () => void;

/** Every call rejects with an {@link AppError}, never with anything else. */
export interface Bridge {
  /** The answer desk's part. */
  readonly desk: DeskBridge;
  /** The window's part. */
  readonly window: WindowBridge;
  /** Rooms of one's own. */
  readonly host: HostBridge;
  /** Highlights, mutes and people. */
  readonly rules: RulesBridge;
  /** Removals, silence, a slow room. */
  readonly order: OrderBridge;

  listen<E extends keyof BridgeEvents>(event: E, heard: (payload: BridgeEvents[E]) => void): Promise<Unlisten>;

  /** Everything that a page needs to start, with so many rows of the room that it shows first. */
  boot(rows: number): Promise<Boot>;
  /** What is drawn now, where `boot` says that somebody measures. */
  painted(painted: Painted): Promise<void>;
  saveRoom(room: string | null, form: RoomForm, token: string | null): Promise<SavedRoom>;
  forgetRoom(room: string): Promise<void>;
  openRoom(room: string): Promise<RoomStatus>;
  leaveRoom(room: string): Promise<void>;
  /** Out of the list and left, with its history; or back in its place. */
  archiveRoom(room: string, archived: boolean): Promise<void>;
  /** In front of another one, or at the end. */
  moveRoom(room: string, before: string | null): Promise<void>;
  setToken(room: string, token: string): Promise<void>;
  reconnect(room: string): Promise<void>;

  /** Of a view, the page's rows are its own; everything is a view without a name. */
  page(room: string, anchor: Anchor, limit: number, view: string): Promise<Page>;
  /** Where a moment stands, and how far back goes what is kept here. */
  moment(room: string, at: number): Promise<Moment>;
  /** The view is looked at. */
  pull(wish: PullWish): Promise<Pull>;
  markRead(room: string, place: number): Promise<void>;
  fillGap(room: string, key: string): Promise<void>;

  send(room: string, text: string, mode: SendMode): Promise<void>;
  answer(room: string, question: string, text: string): Promise<void>;
  retry(room: string, key: string): Promise<void>;
  discard(room: string, key: string): Promise<void>;
  draft(room: string): Promise<Draft>;
  setDraft(room: string, text: string, mode: SendMode): Promise<void>;

  saveSettings(settings: Settings): Promise<void>;
  /** Where the overlay is. Its addresses are a secret: they are shown to whoever asks, and kept nowhere in the page. */
  overlay(): Promise<Overlay>;
  renewOverlay(part: OverlayPart): Promise<Overlay>;
  closeWindow(action: CloseAction, remember: boolean): Promise<void>;
  hideWindow(): Promise<void>;
  /** It was read, and does not come back. */
  dismissNotice(notice: Notice): Promise<void>;
  openLink(url: string): Promise<void>;
  /** What may be handed on when something is wrong; the codes are those of what failed last. */
  diagnostic(errors: readonly string[]): Promise<string>;
}

/** Gives whatever was thrown the one shape the window knows. */
export function asAppError(thrown: unknown): AppError {
  if (typeof thrown === "object" && thrown !== null && "code" in thrown && typeof thrown.code === "string") {
    const params = "params" in thrown && typeof thrown.params === "object" && thrown.params !== null ? thrown.params : {};
    return { code: thrown.code, params: params as Record<string, string> };
  }
  return { code: "unknown", params: {} };
}

/** Listens to all of it. */
export async function hear(bridge: Bridge, heard: { readonly [E in keyof BridgeEvents]: (payload: BridgeEvents[E]) => void }): Promise<void> {
  const listen = <E extends keyof BridgeEvents>(event: E): Promise<Unlisten> => bridge.listen(event, heard[event]);
  await Promise.all((Object.keys(heard) as (keyof BridgeEvents)[]).map(listen));
}

/** How things are now. A wish to write is told once, and so is a place to go to: as long as it is the same room, the last that was told is the one. */
export async function bootAgain(bridge: Bridge, before: Boot): Promise<Boot> {
  const boot = await bridge.boot(0);
  return { ...boot, writes: boot.writes || before.writes, spot: boot.spot ?? (boot.room === before.room ? before.spot : null) };
}
