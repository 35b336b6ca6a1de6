// The room as somebody of the audience has it: what was said, what becomes of questions, and what is still on its way there.
import { answers, entriesOf, findAnswer, PAGE, pageBefore } from "./history";
import { asker, passes, query, type Ask, type Reply } from "./http";
import { knocked } from "./knock";
import { Link, type Knock, type Phase } from "./link";
import * as outbox from "./outbox";
import { Pause } from "./pause.svelte";
import * as questions from "./questions";
import { Removals } from "./removals";
import { edited, KEPT, merge, MOST, without } from "./timeline";
import type { Place } from "./place";
import { tellOfEntry, tellOfItems } from "./telling";
import { Votes } from "./votes";
import { frames, number, readAbilities, readItem, text, type Entry, type Item, type Me, type Told } from "./wire";
import type { Hears, World } from "./world";

/** How soon a request that failed while the socket holds is made again. */
const AGAIN_MS = 3_000;

export class Room {
  phase = $state.raw<Phase>({ kind: "connecting" });
  rows = $state.raw<readonly Entry[]>([]);
  items = $state.raw<questions.Items>(new Map());
  outbox = $state.raw<outbox.Outbox>([]);
  me = $state.raw<Me | null>(null);
  contentBytes = $state(0);
  /** So long somebody of the audience waits between what they say; 0 where they need not. */
  slowSeconds = $state(0);
  /** The server counts votes. */
  votes = $state(false);
  /** The newest page was read: an empty room is empty. */
  loaded = $state(false);
  older = $state<"idle" | "loading" | "failed">("idle");
  /** The rows end before the room does, since somebody read further up for long. */
  detached = $state(false);
  /** Somebody reads at the end, where new rows come. */
  following = true;
  readonly pause = new Pause();

  readonly #place: Place;
  readonly #token: string;
  readonly #world: World;
  readonly #hears: Hears;
  readonly #ask: Ask;
  readonly #link: Link;
  readonly #voting: Votes;
  readonly #removals: Removals;
  /** Nothing older is kept than this place. */
  #start = $state(1);
  #epoch = "";
  #position = 0;
  /** The newest change of a question that is known, with all before it; and the newest that was told live. */
  #change = 0;
  #liveChange = 0;
  #caughtUp = false;
  /** Whatever belongs to an earlier reading of them is dropped. */
  #catching = 0;
  #reading = 0;
  #incoming: Entry[] = [];
  #changed: Told[] = [];
  #flushing = false;
  /** Its person has left: what is still under way changes nothing, and leaves nothing for the next. */
  #over = false;
  #asking = new Set<string>();
  /** Questions that were asked from this tab: in a room that tells nobody who asks, no item names me. */
  #asked = $state.raw<ReadonlySet<string>>(new Set());

  constructor(place: Place, token: string, world: World, hears: Hears) {
    this.#place = place;
    this.#token = token;
    this.#world = world;
    this.#hears = hears;
    this.outbox = outbox.readOutbox(world.read("outbox"));
    this.#asked = new Set(world.read("asked")?.split("\n"));
    this.#ask = asker(world.origin, token, world.fetch);
    this.#voting = new Votes(this.#ask, place.stream, this);
    this.#removals = new Removals(this.#ask, place.stream);
    this.#link = new Link({
      knock: () => this.#knock(),
      open: () => world.open(`${world.origin.replace(/^http/, "ws")}/ws`, ["aside", `token.${token}`]),
      join: () => frames.join(token, place.topic, this.#epoch, this.#position),
      heartbeat: () => frames.heartbeat(token),
      heard: (told) => this.#heard(told),
      moved: (phase) => (this.phase = phase),
      connected: () => world.connected(),
      dice: () => world.dice(),
    });
  }

  start = (): void => this.#link.start();
  stop = (): void => {
    this.#over = true;
    this.pause.end();
    this.#link.stop();
  };
  wake = (): void => this.#link.wake();
  retry = (): void => this.#link.retry();

  isMine = (id: string): boolean => questions.isMine(this.items, id, this.me, this.#asked);

  get first(): number {
    return this.rows[0]?.seq ?? 0;
  }

  /** The oldest that is kept is among the rows. */
  get begins(): boolean {
    return this.first > 0 && this.first <= this.#start;
  }

  async #knock(): Promise<Knock> {
    const reply = await this.#ask(query("api/capabilities", { socket: 1 }));
    const knock = knocked(reply, this.me !== null);
    if (reply.kind === "ok") ({ me: this.me, contentBytes: this.contentBytes, slowSeconds: this.slowSeconds, votes: this.votes } = readAbilities(reply.data));
    return knock;
  }

  #heard(told: Told): void {
    switch (told.type) {
      case "joined":
        this.#joined(told.epoch, told.seq, told.resumed, told.removals);
        break;
      case "entry": {
        const { entry } = told;
        if (entry.seq <= this.#position) return;
        // What is between must not be passed over.
        if (entry.seq > this.#position + 1) return this.#link.again();
        this.#position = entry.seq;
        this.#incoming.push(entry);
        this.#soon();
        break;
      }
      case "ack":
        this.pause.heard();
        this.#settle(outbox.change(this.outbox, told.nonce, { state: "stored", seq: told.seq }));
        break;
      case "nack":
        if (told.code === 202) this.#settle(outbox.change(this.outbox, told.nonce, { state: "review", id: told.id }));
        else this.#refused(told.nonce, told.code, told.waitMs);
        break;
      case "desk":
        void this.#catchUp(told.change, ++this.#catching);
        break;
      case "triage":
      case "votes":
        if (told.type === "triage") this.#live(told.item.change);
        if (told.type === "votes") for (const [, , change] of told.votes) this.#live(change);
        this.#changed.push(told);
        this.#soon();
        break;
      case "removed":
        this.#removals.told(told.id, told.number);
        this.#soon();
        break;
      case "other":
        break;
    }
  }

  /** Changes are told without holes; but what came before the first of them is to be read. */
  #live(change: number): void {
    this.#liveChange = Math.max(this.#liveChange, change);
    if (this.#caughtUp) this.#change = Math.max(this.#change, this.#liveChange);
  }

  #joined(epoch: string, seq: number, resumed: boolean, removals: number): void {
    this.#caughtUp = false;
    if (!resumed || epoch !== this.#epoch) {
      this.#incoming = [];
      if (epoch !== this.#epoch) {
        this.items = new Map();
        this.#changed = [];
        this.#change = this.#liveChange = 0;
        this.#start = 1;
      }
      this.#epoch = epoch;
      this.#position = seq;
      this.#anew(removals);
    } else if (!this.loaded) this.#anew(removals);
    else void this.#readRemoved(removals);
    this.#transmitAll();
  }

  /** What is fetched now is without what was removed until now. */
  #anew(removals: number): void {
    this.#removals.begin(removals);
    this.newest();
  }

  /** What was removed while nobody told us goes from the rows, which stay: somebody may be reading them. */
  async #readRemoved(until: number): Promise<void> {
    const failed = await this.#removals.read(until);
    this.rows = without(this.rows, this.#removals.gone);
    if (failed === null || this.#over) return;
    if (passes(failed)) this.#later(() => this.#readRemoved(until), failed);
    else this.#anew(until);
  }

  #soon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.#world.soon(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  /** Everything that came since the last picture. */
  #flush(): void {
    if (this.#over) return;
    let came: readonly Entry[] = this.#incoming;
    const before = this.items;
    this.#incoming = [];
    for (const told of this.#changed.splice(0)) {
      if (told.type === "triage") this.items = questions.put(this.items, [told.item]);
      else if (told.type === "votes") this.items = questions.count(this.items, told.votes);
    }
    const nonces = new Set(came.filter((entry) => entry.user === this.me?.user).map((entry) => entry.nonce));
    came = without(came, this.#removals.gone);
    this.#show(came);
    this.rows = without(this.rows, this.#removals.gone);
    const changed = this.items === before ? [] : [...this.items.values()].filter((item) => before.get(item.questionId) !== item);
    this.rows = edited(this.rows, changed);
    tellOfItems(this.#hears, changed, before, this.isMine);
    this.#settle(this.outbox, nonces);
    for (const entry of came) if (!entry.removed && !this.#isOwn(entry)) tellOfEntry(this.#hears, entry, this.items.get(entry.questionId), this.isMine);
  }

  #show(came: readonly Entry[]): void {
    if (came.length === 0 || this.detached) return;
    if (!this.following && this.rows.length + came.length > MOST) {
      this.detached = true;
      return;
    }
    const rows = merge(this.rows, came);
    this.rows = this.following && rows.length > KEPT + PAGE ? rows.slice(-KEPT) : rows;
  }

  /** Said by me, as far as that is known: where nobody learns who asks, by its nonce until the reply names it. */
  #isOwn(entry: Entry): boolean {
    return entry.kind !== "answer" && (entry.user === this.me?.user || this.isMine(entry.id) || this.outbox.some(({ nonce }) => nonce === entry.nonce));
  }

  #settle(next: outbox.Outbox, seen: ReadonlySet<string> = new Set()): void {
    if (this.#over) return;
    this.outbox = outbox.settle(next, seen, this.#position, (id) => this.items.has(id));
    this.#world.keep("outbox", this.outbox.length === 0 ? "" : JSON.stringify(this.outbox));
  }

  /** Begins anew at the end of the room: what comes from now on goes behind the newest page, which is fetched. */
  newest(): void {
    this.rows = [];
    this.detached = this.loaded = false;
    void this.#readNewest(++this.#reading);
  }

  async #readNewest(mine: number): Promise<void> {
    const reply = await this.#ask(pageBefore(this.#place.stream, this.#position + 1));
    if (mine !== this.#reading) return;
    if (reply.kind !== "ok") return this.#later(() => this.#readNewest(mine), reply);
    const page = this.#entries(reply.data);
    this.rows = merge(this.rows, page);
    this.loaded = true;
    this.#settle(this.outbox, new Set(page.filter((entry) => entry.user === this.me?.user).map((entry) => entry.nonce)));
  }

  async loadOlder(): Promise<void> {
    if (this.older === "loading" || this.first <= this.#start) return;
    this.older = "loading";
    const { first } = this;
    const mine = this.#reading;
    const reply = await this.#ask(pageBefore(this.#place.stream, first));
    this.older = reply.kind === "ok" ? "idle" : "failed";
    // Rows that were let go of meanwhile would leave a hole.
    if (reply.kind !== "ok" || mine !== this.#reading || first !== this.first) return;
    const rows = merge(this.rows, this.#entries(reply.data));
    // Who reads so far up is far from the end: that makes place.
    this.detached ||= rows.length > MOST;
    this.rows = rows.slice(0, MOST);
    // A page that brings nothing would bring nothing again.
    if (first === this.first) this.#start = first;
  }

  /** Brings the answer to a question among the rows, from however far back: its place, 0 where there is none to read, null where the server could not be asked. */
  async reach(item: Item): Promise<number | null> {
    const { stream } = this.#place;
    const mine = this.#reading;
    const held = this.rows.findLast((entry) => answers(entry, item))?.seq;
    const found = held ?? (item.private.length > 0 ? item.seq : await findAnswer(this.#ask, stream, item));
    if (!found || this.rows.some(({ seq }) => seq === found)) return found;
    const reply = await this.#ask(pageBefore(stream, found + PAGE / 2));
    if (reply.kind !== "ok" || mine !== this.#reading) return null;
    const page = this.#entries(reply.data);
    const [first, last] = [page[0]?.seq ?? 0, page.at(-1)?.seq ?? 0];
    // Rows have no hole: what does not touch them takes their place.
    const touches = this.rows.length > 0 && last >= this.first - 1 && first <= (this.rows.at(-1)?.seq ?? 0) + 1;
    this.rows = touches ? merge(this.rows, page) : page;
    this.detached ||= !touches;
    this.loaded = true;
    this.#reading++;
    return found;
  }

  #entries(data: Record<string, unknown>): Entry[] {
    return [...without(entriesOf(data), this.#removals.gone)];
  }

  /** What became of questions while nobody told us. */
  async #catchUp(until: number, mine: number): Promise<void> {
    for (;;) {
      const reply = await this.#ask(query("api/question/changes", { stream: this.#place.stream, after: this.#change, limit: 500 }));
      if (mine !== this.#catching) return;
      if (reply.kind !== "ok") return this.#later(() => this.#catchUp(until, mine), reply);
      const items = (Array.isArray(reply.data["items"]) ? reply.data["items"] : []).map(readItem).filter((item) => item !== null);
      this.items = questions.put(this.items, items);
      this.rows = edited(this.rows, items);
      this.#change = Math.max(this.#change, number(reply.data["change"]));
      this.#settle(this.outbox);
      if (reply.data["more"] === true && this.#change < until) continue;
      this.#caughtUp = true;
      this.#change = Math.max(this.#change, until, this.#liveChange);
      return;
    }
  }

  #later(what: () => Promise<void>, reply: Reply): void {
    const waitMs = reply.kind === "refused" ? reply.waitMs : null;
    // A link that broke meanwhile asks for itself when it is back.
    setTimeout(() => !this.#over && this.phase.kind === "online" && void what(), waitMs ?? AGAIN_MS);
  }

  say(kind: "message" | "question", content: string): void {
    const one = outbox.outgoing(kind, content, this.#world.nonce(), Date.now());
    this.#settle([...this.outbox, one]);
    this.#transmit(one);
  }

  sayAgain(nonce: string): void {
    this.#settle(outbox.change(this.outbox, nonce, { state: "sending", code: 0, until: 0 }));
    const one = this.outbox.find((one) => one.nonce === nonce);
    if (one) this.#transmit(one);
  }

  discard(nonce: string): void {
    this.#settle(this.outbox.filter((one) => one.nonce !== nonce));
  }

  /** Something is still on its way. */
  get waits(): boolean {
    return this.outbox.some((one) => one.state === "sending");
  }

  #transmitAll(): void {
    for (const one of this.outbox) if (one.state === "sending") this.#transmit(one);
  }

  /** What the server did not take: sent again where it said that this helps. */
  #refused(nonce: string, code: number, waitMs: number | null): void {
    if (code === 429 || code === 503) return this.pause.begin(code, waitMs, () => this.#transmitAll());
    const until = code === 403 ? this.pause.silence(waitMs) : 0;
    this.#settle(outbox.change(this.outbox, nonce, { state: "failed", code, until }));
  }

  #transmit(one: outbox.Outgoing): void {
    if (this.phase.kind !== "online" || !this.me || this.pause.on) return;
    if (one.kind === "question") return void this.#askQuestion(one);
    const { user, name } = this.me;
    this.#link.send(frames.send(this.#token, this.#place.topic, { user, name, stream: this.#place.stream, content: one.text, nonce: one.nonce, at: new Date(one.at) }));
  }

  async #askQuestion(one: outbox.Outgoing): Promise<void> {
    if (this.#asking.has(one.nonce)) return;
    this.#asking.add(one.nonce);
    const reply = await this.#ask("api/question/add", { content: one.text, streamId: this.#place.stream, nonce: one.nonce });
    this.#asking.delete(one.nonce);
    const { nonce } = one;
    if (this.#over) return;
    if (reply.kind === "ok") {
      this.pause.heard();
      const [id, review] = [text(reply.data["id"]), reply.data["review"] !== undefined];
      this.#asked = new Set([...this.#asked, id]);
      this.#world.keep("asked", [...this.#asked].join("\n"));
      this.#settle(outbox.change(this.outbox, nonce, { state: review ? "review" : "stored", seq: number(reply.data["seq"]), id: review ? id : "" }));
    } else if (reply.kind === "refused" && reply.status === 401) this.#link.refuse("token");
    else if (reply.kind === "refused" && (reply.status < 500 || reply.status === 503)) this.#refused(nonce, reply.status, reply.waitMs);
    else this.#later(async () => {
        if (this.outbox.some((one) => one.nonce === nonce && one.state === "sending")) await this.#askQuestion(one);
      }, reply);
  }

  async vote(item: Item): Promise<void> {
    if (!(await this.#voting.cast(item))) this.#hears.failed("vote");
  }
}
