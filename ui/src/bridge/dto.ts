// What the page and the shell say to each other. Written by `cargo xtask bindings` from src-tauri/src/dto.rs; do not edit.

/**
 * What every command rejects with: a code, and what its sentence names.
 */
export type AppError = { code: string, params: Record<string, string>, };

/**
 * Where a room's connection stands, in the words that the page shows.
 */
export type ConnectionState = "connecting" | "joining" | "syncing" | "online" | "waiting" | "refused" | "closed";

/**
 * A room's connection: the state, the reason as a code (its words are the page's), and the time of the next try in
 * epoch milliseconds.
 */
export type Connection = { state: ConnectionState, why: string | null, retryAt: number | null, };

/**
 * What this token may do in the room.
 */
export type Role = "audience" | "staff" | "host";

/**
 * One open room at a glance. `recovered` counts the entries that were missed and fetched since the room was opened.
 */
export type RoomStatus = { room: string, revision: number, connection: Connection, unread: number, unreadQuestions: number, recovered: number, coreOnly: boolean, role: Role, orgName: string, canAnswer: boolean, contentBytes: number, server: string, };

/**
 * What the join form holds; the token travels beside it, and only towards the shell.
 */
export type RoomForm = { server: string, socket: string, topic: string, stream: string, name: string, user: string, avatar: string, allowInsecure: boolean, };

/**
 * Where a room's token is kept: in the system's keyring, in memory until the app quits, or nowhere.
 */
export type TokenStore = "keyring" | "session" | "none";

/**
 * A room in the list of saved rooms.
 */
export type SavedRoom = { id: string, label: string, form: RoomForm, tokenStore: TokenStore, demo: boolean, open: boolean, };

/**
 * The language of the app.
 */
export type Locale = "system" | "en" | "zh-CN";

/**
 * Light, dark, or as the system.
 */
export type Theme = "system" | "light" | "dark";

/**
 * What closing the window does.
 */
export type CloseChoice = "ask" | "hide" | "quit";

/**
 * How close together the rows stand.
 */
export type Density = "comfortable" | "compact";

/**
 * What a person has chosen; `text_size` is in per cent, `pictures_elsewhere` says whether pictures are fetched from other
 * servers than the room's own.
 */
export type Settings = { locale: Locale, theme: Theme, close: CloseChoice, textSize: number, density: Density, picturesElsewhere: boolean, };

/**
 * Something a person should know about this start: a code and what its sentence names.
 */
export type Notice = { code: string, params: Record<string, string>, };

/**
 * All that a page needs to draw itself for the first time; `room` is the one to show.
 */
export type Boot = { version: string, rooms: Array<SavedRoom>, settings: Settings, systemLocale: string, statuses: Array<RoomStatus>, room: string | null, notices: Array<Notice>, };

/**
 * What a row of the timeline is.
 */
export type RowKind = "message" | "question" | "answer" | "gap" | "boundary";

/**
 * How far an own entry has come.
 */
export type Delivery = "received" | "sending" | "sent" | "unsure" | "failed";

/**
 * What the server's history says about a row.
 */
export type Standing = "provisional" | "confirmed" | "notInHistory";

/**
 * What is being done about a gap.
 */
export type GapState = "open" | "loading" | "failed";

/**
 * One row of the timeline. `key` stays with it for life, `place` orders it (below 2^53), times are epoch
 * milliseconds, pictures are names that only `avatar:` understands, `namesake` warns that somebody else's name looks
 * the same.
 */
export type Row = { key: string, place: number, kind: RowKind, user: string, name: string, namesake: boolean, avatar: string | null, text: string, org: string, orgLogo: string | null, question: string, createdAt: number | null, receivedAt: number, mine: boolean, delivery: Delivery, failure: string | null, failureReason: string | null, standing: Standing, id: string | null, seq: number | null, gap: GapState | null, missing: number | null, };

/**
 * A stretch of the timeline, oldest first.
 */
export type Page = { revision: number, rows: Array<Row>, hasOlder: boolean, hasNewer: boolean, reachedStart: boolean, read: number | null, };

/**
 * What changed since a revision; `reset` asks for a page instead.
 */
export type Changes = { revision: number, upserts: Array<Row>, removed: Array<string>, reset: boolean, };

/**
 * The answer to a tick: every open room at a glance, and the changes of the room on show.
 */
export type Pull = { statuses: Array<RoomStatus>, changes: Changes | null, };

/**
 * Where a page starts.
 */
export type Anchor = { "at": "end" } | { "at": "before", place: number, } | { "at": "after", place: number, } | { "at": "unread" };

/**
 * Whether a text is sent or asked.
 */
export type SendMode = "message" | "question";

/**
 * What stands in the composer.
 */
export type Draft = { text: string, mode: SendMode, };

/**
 * What the answer to "close or hide?" was.
 */
export type CloseAction = "hide" | "quit";

/**
 * Asks the page to bring a room to the front.
 */
export type ShowRoom = { room: string, };
