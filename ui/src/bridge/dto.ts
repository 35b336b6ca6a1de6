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
export type Connection = { state: ConnectionState, why: string | null, retryAt: number | null, 
/**
 * The server named that time: a try that is asked for before it is none.
 */
asked?: boolean, };

/**
 * What this token may do in the room.
 */
export type Role = "audience" | "staff" | "host";

/**
 * What came back after the connection was cut, until it was read: how many entries, the places of the first and the last, and when these
 * two were said.
 */
export type Recovery = { count: number, first: number, last: number, from: number, to: number, };

/**
 * One open room at a glance. `recovered` counts the entries that were missed and fetched since the room was opened.
 */
export type RoomStatus = { room: string, revision: number, connection: Connection, unread: number, unreadQuestions: number, recovered: number, recovery: Recovery | null, coreOnly: boolean, role: Role, orgName: string, canAnswer: boolean, contentBytes: number, server: string, desk: DeskStatus, order: OrderStatus, };

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
export type SavedRoom = { id: string, label: string, form: RoomForm, tokenStore: TokenStore, demo: boolean, open: boolean, 
/**
 * Its server is in this app.
 */
hosted: boolean, 
/**
 * Out of the list, and left; what is kept of it stays.
 */
archived: boolean, };

/**
 * From where a hosted room is reached: this computer alone, the networks that it is in, or a public address whose proxy passes on to
 * a port of this computer.
 */
export type Reach = { "from": "here" } | { "from": "network" } | { "from": "public", url: string, };

/**
 * What the form of a hosted room holds; `guests` lets in whoever has the link, `review` has questions looked at before they are shown,
 * `port` 0 takes the first that is free.
 */
export type HostForm = { name: string, host: string, org: string, logo: string, guests: boolean, review: boolean, reach: Reach, port: number, };

/**
 * Where a hosted room could be: the addresses of this computer in its networks, likeliest first, and the port that would be taken.
 */
export type HostPlaces = { addresses: Array<string>, port: number, };

/**
 * Whether a hosted room's server runs, and if it does not, whether a person wants it so.
 */
export type HostState = "running" | "stopped" | "portTaken" | "failed";

/**
 * An address of the room's page, and its QR code as the data of an SVG path, `qr_size` units wide.
 */
export type HostLink = { url: string, qr: string | null, qrSize: number, };

/**
 * What a key that was made for somebody lets them do.
 */
export type KeyRole = "audience" | "staff" | "moderator" | "host";

/**
 * Somebody who has a key to a hosted room; the key itself is stored nowhere.
 */
export type HostKey = { id: string, name: string, role: KeyRole, expires: number | null, };

/**
 * A key to be made: `hours` 0 lasts until it is revoked.
 */
export type KeyWish = { name: string, role: KeyRole, hours: number, };

/**
 * A hosted room as it stands: where its server listens (empty while it does not), its page's addresses, likeliest first, which of them
 * its host chose, the link that fills a colleague's join form (no key is in it), how many people are there, and who has a key.
 */
export type Hosting = { form: HostForm, state: HostState, listening: string, links: Array<HostLink>, chosen: string, invitation: string, people: number, keys: Array<HostKey>, };

/**
 * Light, dark, as the system, or that with more contrast.
 */
export type Theme = "system" | "light" | "dark" | "contrast";

/**
 * What closing the window does.
 */
export type CloseChoice = "ask" | "hide" | "quit";

/**
 * How close together the rows stand.
 */
export type Density = "comfortable" | "compact";

/**
 * When the window keeps to itself what an audience should not see.
 */
export type StreamerMode = "auto" | "on" | "off";

/**
 * Through which proxy rooms are reached: as the system says, none, or this one, without a name and a password.
 */
export type Proxy = { "by": "system" } | { "by": "direct" } | { "by": "through", url: string, };

/**
 * What a person has chosen; `text_size` is in per cent, `pictures_elsewhere` says whether pictures are fetched from other
 * servers than the room's own; `overlay_room` is the one that the overlay shows, empty for the one on show. `notifications` are those of the desk; `notify_text` lets them say what was said, and after
 * `notify_waiting_mins` (0 never) a question that nobody took is told of once more. Of the timeline: how long a moving pointer holds it still, in milliseconds (0 not at all,
 * 65535 until it leaves), whether repeats become one row, whether a room that outruns readers is sampled, after how many
 * seconds rows fade (0 never), and whether what was read is dimmed. Of the windows: `side_opacity` (10 to 100, per cent) is how much of the side window's background is its own,
 * `rest_after_secs` (5 to 3600) how long a hidden window keeps its page; `unsend_secs` (0 to 60) how long an answer can be taken back before it leaves; transcripts go after
 * `transcript_days` (1 to 3650) or beyond `transcript_megabytes` (10 to 50,000).
 */
export type Settings = { locale: string, theme: Theme, close: CloseChoice, textSize: number, density: Density, picturesElsewhere: boolean, notifications: boolean, notifyMarked: boolean, notifySilence: boolean, notifyText: boolean, notifyWaitingMins: number, overlay: boolean, overlayRoom: string, streamerMode: StreamerMode, hoverFreezeMs: number, foldRepeats: boolean, sampleFast: boolean, fadeAfterSecs: number, dimRead: boolean, sideOpacity: number, restAfterSecs: number, unsendSecs: number, startWithSystem: boolean, startHidden: boolean, keepTranscripts: boolean, transcriptDays: number, transcriptMegabytes: number, views: Array<SavedView>, proxy: Proxy, };

/**
 * Something a person should know: a code and what its sentence names.
 */
export type Notice = { code: string, params: Record<string, string>, };

/**
 * All that a page needs to draw itself for the first time; `room` is the one to show, `page` its newest rows where those come first, `spot` the entry in it to go to,
 * `streamer` whether streamer mode is in force, `stands` where the reader stood in rooms when the window's last page was hidden.
 */
export type Boot = { version: string, rooms: Array<SavedRoom>, settings: Settings, systemLocale: string, statuses: Array<RoomStatus>, room: string | null, page: Page | null, streamer: boolean, spot: Spot | null, notices: Array<Notice>, window: WindowLook, 
/**
 * Whether somebody wants to close the window, and is to be asked how it is meant.
 */
closing: boolean, 
/**
 * What a Quit would leave undone that somebody wants, and is to be asked about; else nothing.
 */
quitting: Array<Undone>, 
/**
 * Whether somebody pressed the key to write when no page was there.
 */
writes: boolean, 
/**
 * Whether the page is to say what it has painted.
 */
measured: boolean, stands: Record<string, Stand>, 
/**
 * The tour was shown.
 */
toured: boolean, };

/**
 * What a row of the timeline is.
 */
export type RowKind = "message" | "question" | "answer" | "gap" | "boundary";

/**
 * How far an own entry has come.
 */
export type Delivery = "received" | "sending" | "sent" | "unsure" | "failed" | "inReview";

/**
 * What the server's history says about a row.
 */
export type Standing = "provisional" | "confirmed" | "notInHistory";

/**
 * What is being done about a gap.
 */
export type GapState = "open" | "loading" | "failed";

/**
 * The colours that a row can stand out in; how they look, light and dark, is the page's to say.
 */
export type Colour = "red" | "amber" | "green" | "teal" | "blue" | "violet";

/**
 * The short sounds that the page makes.
 */
export type Sound = "drop" | "bell" | "knock";

/**
 * What was said: a message, a question or an answer.
 */
export type Said = "message" | "question" | "answer";

/**
 * What a rule looks at. A person is known by the id; the name is only shown.
 */
export type When = { "by": "words", text: string, } | { "by": "pattern", text: string, } | { "by": "person", user: string, name: string, } | { "by": "kind", kind: Said, };

/**
 * What a rule does.
 */
export type Effect = { "do": "mark", colour: Colour | null, sound: Sound | null, notify: boolean, } | { "do": "mute" };

/**
 * One rule; `room` null: of every room.
 */
export type Rule = { id: string, on: boolean, room: string | null, when: When, effect: Effect, };

/**
 * All rules, from the top: the first that fits decides. `volume` is in per cent, `apart` the seconds between two sounds.
 */
export type Rules = { list: Array<Rule>, volume: number, apart: number, };

/**
 * Why a rule cannot be: a code, and of a pattern the character (from one) and what it is that does not fit there.
 */
export type RuleFault = { rule: string, code: string, at: number | null, reason: string | null, };

/**
 * A rule that fits a text, and what of the text it was.
 */
export type Fit = { rule: string, found: string, };

/**
 * What the rules would make of a text; the first fit decides.
 */
export type Tried = { faults: Array<RuleFault>, fits: Array<Fit>, };

/**
 * What the rules made of a row; `rule` names the one that decided.
 */
export type Ruled = { rule: string, muted: boolean, colour: Colour | null, sound: Sound | null, };

/**
 * One row of the timeline. `key` stays with it for life, `place` orders it (below 2^53), times are epoch
 * milliseconds, pictures are names that only `avatar:` understands, `namesake` warns that somebody else's name looks
 * the same, `ruled` is what the person's rules made of it, `to_me` says that it names this person or answers them, `failure_reason` is the
 * server's word, of `muted` until when, and of `overtaken` which question. The last four are an answer's.
 */
export type Row = { key: string, place: number, kind: RowKind, user: string, name: string, namesake: boolean, avatar: string | null, text: string, org: string, orgLogo: string | null, question: string, 
/**
 * The name of the question that an answer is to, where it says one.
 */
answers: string | null, createdAt: number | null, receivedAt: number, mine: boolean, delivery: Delivery, failure: string | null, failureReason: string | null, standing: Standing, id: string | null, seq: number | null, gap: GapState | null, missing: number | null, ruled: Ruled | null, toMe: boolean, visibility: Visibility, alsoAsked: Array<string>, edited: boolean, retracted: boolean, 
/**
 * Taken out by whoever keeps order: nothing but its place is left.
 */
removed: boolean, };

/**
 * A stretch of the timeline, oldest first. Of a view, `from` and `to` are the places up to which was looked for its rows, where
 * that is not as far as there are any. `kept`, and it was read without a session: its rows have no pictures.
 */
export type Page = { revision: number, rows: Array<Row>, hasOlder: boolean, hasNewer: boolean, reachedStart: boolean, read: number | null, from: number | null, to: number | null, kept: boolean, };

/**
 * What changed since a revision; `reset` asks for a page instead. `heard` are rows with a sound that a view does not show; of a room that is
 * sampled, `left_out` rows stay away.
 */
export type Changes = { revision: number, upserts: Array<Row>, removed: Array<string>, reset: boolean, heard: Array<Row>, leftOut: number, };

/**
 * How the room on show is looked at: somebody reads back, follows its end, or follows one that is faster than anybody reads.
 */
export type Reading = "held" | "following" | "sampled";

/**
 * What a page asks for when it hears a tick: what changed in a room since a revision, in a view of it (everything, where that has no name),
 * `rows` at most (of a sampled room all that stands out, and some of the rest beyond the place `known`); and what changed of its questions, where those are wanted.
 */
export type PullWish = { room: string | null, view: string, since: number, known: number, rows: number, reading: Reading, questionsSince: number | null, };

/**
 * The answer to a tick: every open room at a glance, the changes of the room on show (`end` are its newest rows, for whoever follows
 * and would miss some) and of its questions, how much came in each view since somebody last looked at it (a hundred: or more), and what a person should know.
 */
export type Pull = { statuses: Array<RoomStatus>, changes: Changes | null, end: Page | null, questions: QuestionChanges | null, views: Record<string, number>, notices: Array<Notice>, };

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
export type CloseAction = "hide" | "quit" | "stay";

/**
 * What a Quit would leave undone in a room: how many drafts (they are kept), what waits to be sent, answers that their guard holds, questions
 * that this person has claimed here, and people who would be cut off, where the room is hosted here. Of drafts, and of what waits or is
 * held, that is about `questions`, it tells which they are, by number.
 */
export type Undone = { id: string, room: string, questions: Array<UndoneQuestion>, drafts: number, unsent: number, held: number, claims: number, people: number, };

/**
 * A question with something half written or not sent.
 */
export type UndoneQuestion = { id: string, number: number, };

/**
 * What a page says to the question whether to quit: it is on the screen, or a person has answered it.
 */
export type QuitChoice = "shown" | "stay" | "quit";

/**
 * A row's key and its place.
 */
export type Spot = { key: string, place: number, };

/**
 * A moment in a room: the first entry of it or later, none if everything is earlier; and when the first and the last entry that are
 * kept here were said, epoch milliseconds.
 */
export type Moment = { spot: Spot | null, begins: number | null, ends: number | null, };

/**
 * Asks the page to bring a room to the front, and to go to an entry in it, if one is named.
 */
export type ShowRoom = { room: string, spot: Spot | null, };

/**
 * Whether a window can be seen through: it can, this desktop blends no windows, or the web view cannot draw such a page rightly.
 */
export type SeeThrough = "possible" | "unblended" | "undrawn";

/**
 * How a window looks around its page: in front of all others, without anything but the rows, and whether this desktop
 * lets it stay in front, or be seen through; which view of a room it shows ("": everything); and, for both windows alike,
 * whether clicks can go and go through the side window, and the key that ends it.
 */
export type WindowLook = { pinned: boolean, bare: boolean, canPin: boolean, seeThrough: SeeThrough, canClickThrough: boolean, clickThrough: boolean, clickThroughKey: string | null, view: string, };

/**
 * Somebody, by the id; the name is only shown.
 */
export type Named = { user: string, name: string, };

/**
 * A view: what is of one of these kinds (none: of any) and has one of these words in it, fits the pattern (empty: there is none) or
 * comes from one of these people (none of the three: whatever it says).
 */
export type SavedView = { id: string, name: string, kinds: Array<Said>, words: Array<string>, pattern: string, people: Array<Named>, };

/**
 * Where a reader stands in a room's timeline: a row, its place should the row be gone, and how far below the upper edge of
 * the list it begins, in px (less than nothing: above it); what stands after `after` is new to them. Who is at the end stands
 * nowhere.
 */
export type Stand = { key: string, place: number, top: number, after: number, };

/**
 * Which of the two windows of a room.
 */
export type WhichWindow = "main" | "side";

/**
 * Where the transcripts are, and how many bytes they take.
 */
export type Transcripts = { path: string, bytes: number, };

/**
 * What a key does that works while another program has the keyboard.
 */
export type HotkeyAction = "toggle" | "markRead" | "write" | "clickThrough";

/**
 * The global keys that a person chose, and whether this desktop has such keys at all.
 */
export type Hotkeys = { supported: boolean, keys: Partial<Record<HotkeyAction, string>>, };

/**
 * A person in a room: how much they said and asked, since when (epoch milliseconds), the private note, and a page of what it
 * was, oldest first.
 */
export type PersonCard = { messages: number, questions: number, firstSeen: number | null, note: string, rows: Array<Row>, hasOlder: boolean, };

/**
 * Where a question stands in the desk: it stands in exactly one lane, and the backend says which.
 */
export type Lane = "review" | "open" | "mine" | "live" | "done";

/**
 * Somebody, as the desk shows them.
 */
export type Person = { user: string, name: string, avatar: string | null, };

/**
 * Who answers a question at the moment, and until when without another sign of life.
 */
export type Claim = { by: Person, mine: boolean, device: string, otherDevice: boolean, at: number, expiresAt: number, };

/**
 * What somebody does with a question.
 */
export type Doing = "viewing" | "drafting";

/**
 * Who has a question before them; `mine` is another device of one's own.
 */
export type Presence = { who: Person, doing: Doing, mine: boolean, };

/**
 * Whether a question may be shown.
 */
export type Review = "pending" | "approved" | "rejected";

/**
 * How far the work on a question is.
 */
export type Work = "open" | "claimed" | "answered" | "dismissed" | "follow_up" | "merged";

/**
 * Whether a question is on stage.
 */
export type Stage = "none" | "next" | "now";

/**
 * One question of the desk; `row` is its key in the timeline, `lastAnswer` what a new answer is guarded against, and
 * `lastAnswerMine` says that this person gave it, where that is known. `leaving` and `unsent`: first written first.
 */
export type Question = { id: string, row: string | null, number: number, rev: number, lane: Lane, text: string, originalText: string | null, asker: Person, askedAt: number | null, review: Review, work: Work, mergedInto: string | null, alsoAsked: Array<string>, stage: Stage, pinned: boolean, votes: number, voted: boolean, tags: Array<string>, note: string, claim: Claim | null, presence: Array<Presence>, answers: number, lastAnswer: number, lastAnswerMine: boolean, firstAnswerAt: number | null, closedAt: number | null, closeReason: string | null, changedBy: string, changedByMine: boolean, hasDraft: boolean, held: boolean, leaving: Array<Leaving>, unsent: Array<Unsent>, };

/**
 * What became of a desk's questions while nobody saw them: how many are new, and how many others have answered.
 */
export type Missed = { asked: number, answered: number, };

/**
 * The questions that changed since a revision; `reset` says that the upserts are all there are. `missed`: what nobody has read about yet.
 */
export type QuestionChanges = { revision: number, upserts: Array<Question>, removed: Array<string>, reset: boolean, missed: Missed, };

/**
 * Where the states of questions are kept: by the server, or on this computer alone.
 */
export type DeskKind = "server" | "local";

/**
 * What the desk of a room can do. Not `fresh`: it is catching up, and who claimed what is not known. `teamSnippets` is
 * another number after each change of the snippets that staff share, null where there are none.
 */
export type DeskStatus = { kind: DeskKind, fresh: boolean, canAnswer: boolean, canPrivate: boolean, canReview: boolean, canVote: boolean, open: number, oldestWaiting: number | null, teamSnippets: number | null, };

/**
 * Who may read an answer.
 */
export type Visibility = "public" | "asker" | "staff";

/**
 * How far an answer of the desk has come; `held` by its guard, since another came first.
 */
export type AnswerDelivery = "received" | "sending" | "sent" | "unsure" | "failed" | "held";

/**
 * An answer or a note of one's own that the room does not have yet; `canTakeBack`: it has not left.
 */
export type Leaving = { key: string, visibility: Visibility, canTakeBack: boolean, };

/**
 * An answer or a note of one's own that did not arrive; not `failed`: nobody knows whether it did.
 */
export type Unsent = { key: string, failed: boolean, };

/**
 * One answer to a question, or a note of the staff. What this person may change has an end at `editUntil`, for a host none. `failure` as
 * of a row; `draft`: other words for it that were begun.
 */
export type ThreadAnswer = { id: string | null, key: string, text: string, org: string, by: Person | null, at: number | null, visibility: Visibility, editedAt: number | null, retracted: boolean, delivery: AnswerDelivery, failure: string | null, failureReason: string | null, mine: boolean, canEdit: boolean, editUntil: number | null, draft: string | null, };

/**
 * One line of what was done with a question.
 */
export type LogLine = { field: string, old: string, new: string, who: string, at: number | null, };

/**
 * All there is to know of one question; `missing`: so many of its answers are older than what is on this computer.
 */
export type Thread = { question: Question, answers: Array<ThreadAnswer>, missing: number, similar: Array<Question>, log: Array<LogLine>, };

/**
 * How a question was answered, when not in writing.
 */
export type Spoken = "spoken";

/**
 * One step of triage.
 */
export type Step = { "do": "claim", takeOver: boolean, } | { "do": "release" } | { "do": "approve" } | { "do": "reject", reason: string | null, } | { "do": "review_again" } | { "do": "answered", reason: Spoken, } | { "do": "dismiss", reason: string | null, } | { "do": "follow_up" } | { "do": "reopen" } | { "do": "stage", stage: Stage, } | { "do": "pin", pinned: boolean, } | { "do": "tags", tags: Array<string>, } | { "do": "note", note: string, } | { "do": "text", text: string, } | { "do": "merge", into: string, } | { "do": "unmerge" };

/**
 * An answer that was not sent because another came first: the question as it stands, the answers that the writer had not
 * seen, and what they wrote for whom.
 */
export type Held = { question: Question, answers: Array<ThreadAnswer>, text: string, visibility: Visibility, };

/**
 * The draft of an answer.
 */
export type QuestionDraft = { text: string, visibility: Visibility, };

/**
 * A text for many answers; `room` null: for every room. `team` ones are kept by the room's server for all its staff, and
 * `rev` is the revision of their list that was read; 0 for one's own.
 */
export type Snippet = { id: string, name: string, text: string, room: string | null, team: boolean, rev: number, };

/**
 * One entry that was found; ranges are UTF-16 units of its text.
 */
export type Hit = { room: string, row: Row, number: number | null, question: string | null, ranges: Array<[number, number]>, };

/**
 * Some of what was found, newest first; `indexing` says how much of the history can be searched yet.
 */
export type SearchPage = { hits: Array<Hit>, next: string | null, indexing: number | null, };

/**
 * How the answering goes; times are milliseconds, minutes are epoch minutes. `perTag`: how many have it, and how many of these
 * were answered. `perPerson` is for hosts.
 */
export type Numbers = { asked: number, answered: number, dismissed: number, waiting: number, medianFirst: number | null, p90First: number | null, oldestWaiting: number | null, perMinute: Array<[number, number, number]>, perTag: Array<[string, number, number]>, perPerson: Array<PersonNumbers>, };

/**
 * How one person's answering goes.
 */
export type PersonNumbers = { who: string, answered: number, medianFirst: number | null, };

/**
 * What a room's history can be written as.
 */
export type ExportFormat = "csv" | "xlsx" | "json" | "html" | "report";

/**
 * Whether an export goes on; `reading`: what of the room is not here is fetched first.
 */
export type ExportState = "reading" | "running" | "done" | "failed" | "cancelled";

/**
 * How far a room's export is; a later one has a higher number. While it reads, entries are counted, and `total` is 0 where nobody knows
 * how many there are; afterwards questions. `lacking`: older entries could not be had.
 */
export type ExportProgress = { room: string, number: number, done: number, total: number, state: ExportState, path: string | null, lacking: boolean, code: string | null, };

/**
 * Where an export is written.
 */
export type Exported = { path: string, };

/**
 * How order is kept in a room, as far as one has to do with it; `can_moderate` says whether this person may. `muted_until` and `slowed_until` are what the
 * server told this person of themselves, `not_removed` are the removals that failed and nobody has taken note of, the newest last.
 */
export type OrderStatus = { canModerate: boolean, reviews: boolean, slowSeconds: number, mutedUntil: number | null, slowedUntil: number | null, removing: Array<Removing>, notRemoved: Array<NotRemoved>, };

/**
 * An entry that is about to be removed, and when; once it is `sent`, nothing takes it back.
 */
export type Removing = { entry: string, at: number, sent: boolean, };

/**
 * An entry that stays, and why: a code and what its sentence names.
 */
export type NotRemoved = { entry: string, why: AppError, };

/**
 * Somebody who may not speak; the name is the one that they had last here, empty where they have said nothing. No `until`: a time that nobody
 * could read.
 */
export type MutedPerson = { user: string, name: string, until: number | null, };

/**
 * How a room is moderated now.
 */
export type Moderation = { slowSeconds: number, muted: Array<MutedPerson>, };

/**
 * Something that was done for order. `action` is `removed`, `muted`, `unmuted`, `slow`, `words`, or a word that the page does not know. No `at`: as above.
 */
export type Deed = { number: number, action: string, user: string, name: string, old: string, new: string, reason: string, by: string, at: number | null, };

/**
 * Some of what was done, newest first.
 */
export type Deeds = { deeds: Array<Deed>, hasOlder: boolean, };

/**
 * What the present window shows: approved text alone. `qr` is the path of an SVG whose box is `qrSize` wide; `link` is
 * empty, and there is no `qr`, where the audience has no page that it could reach.
 */
export type Presented = { question: PresentedQuestion | null, position: number, total: number, blank: boolean, qr: string | null, qrSize: number, link: string, size: number, room: string, label: string, };

/**
 * The question on stage.
 */
export type PresentedQuestion = { text: string, asker: string, number: number, };

/**
 * A key of the present window.
 */
export type PresentStep = "next" | "back" | "blank" | "qr" | "bigger" | "smaller";

/**
 * What a page has drawn since it exists.
 */
export type Painted = { 
/**
 * The number of the last row that is drawn; 0 where rows have none.
 */
seq: number, 
/**
 * How many rows are drawn.
 */
rows: number, 
/**
 * Animation frames that passed while there was something to draw.
 */
frames: number, 
/**
 * Those that came more than 25 ms after the one before.
 */
late: number, 
/**
 * Those in which no row stood in the middle of the list.
 */
blank: number, };

/**
 * A part of the overlay's address that may be made anew: the secret in the path, so that whoever knew the old one sees
 * nothing more, or the port, where somebody else has it.
 */
export type OverlayPart = "path" | "port";

/**
 * How the overlay stands.
 */
export type OverlayState = "off" | "on" | "portTaken";

/**
 * The overlay: how it stands, and its two addresses for a browser source, empty before there was one.
 */
export type Overlay = { state: OverlayState, port: number, chat: string, question: string, };
