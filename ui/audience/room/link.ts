// One connection to the room, again and again: the knock, the socket, the heartbeat, the wait between two tries. It knows no entries.
import { askedIn, floorMs, isLetGo, KEPT_UP_MS, STABLE_MS, waitMs } from "./backoff";
import { closes, told, type Told } from "./wire";

export type Why = "token" | "room" | "address" | "server";
/** Until the next try: the link was lost, or the server takes no more people now, which stays so until it lets us in. */
type Waits = { kind: "waiting" | "full"; until: number };
export type Phase = { kind: "connecting" } | { kind: "online" } | Waits | { kind: "offline" } | { kind: "refused"; why: Why };
export type Knock = { kind: "in" } | { kind: "refused"; why: Why } | { kind: "later" | "full"; askedMs: number | null } | { kind: "unreachable" };

/** As much of a WebSocket as is needed. */
export type Socket = Pick<WebSocket, "onopen" | "onmessage" | "onclose" | "send" | "close">;

/** What the connection is between. */
export interface Ends {
  /** Whether one may come in, before a socket is opened: a browser is not told why a handshake failed. */
  knock(): Promise<Knock>;
  open(): Socket;
  join(): string;
  heartbeat(): string;
  heard(told: Told): void;
  moved(phase: Phase): void;
  /** Whether this device has any network. */
  connected(): boolean;
  dice(): number;
}

const BEAT_MS = 5_000;
/** Nothing heard for so long after a heartbeat: nobody is there. */
const DEAD_MS = 12_000;
/** Whoever comes back to the page does not want to wait so long. */
const PROBE_MS = 4_000;
const JOIN_MS = 15_000;
/** Without a network, somebody looks now and then all the same: not every device says when it is back. */
const OFFLINE_MS = 30_000;
/** Tries at once, on a sign of life of the network or a person, and when there is another. */
const WAKES = 3;
const WAKE_EVERY_MS = 10_000;

export class Link {
  readonly #ends: Ends;
  #phase: Phase = { kind: "connecting" };
  #socket: Socket | null = null;
  /** Whatever belongs to an earlier try is dropped. */
  #try = 0;
  #lost = 0;
  #letGo = 0;
  #since = 0;
  #heard = 0;
  #beat = 0;
  #deadline = 0;
  #floor = 0;
  #wakes: number[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;
  #ticks: ReturnType<typeof setInterval> | null = null;

  constructor(ends: Ends) {
    this.#ends = ends;
  }

  start(): void {
    this.#ticks ??= setInterval(() => this.#tick(), 1_000);
    void this.#dial();
  }

  stop(): void {
    if (this.#ticks) clearInterval(this.#ticks);
    this.#ticks = null;
    this.#hangUp();
  }

  /** False when there is nobody to tell. */
  send(text: string): boolean {
    if (this.#phase.kind !== "online" || !this.#socket) return false;
    this.#socket.send(text);
    return true;
  }

  /** A place was missing: the same room, once more from where we are. */
  again(): void {
    this.#dropped(0, null);
  }

  refuse(why: Why): void {
    this.#hangUp();
    this.#move({ kind: "refused", why });
  }

  /** The page is looked at again, or the network is back. */
  wake(): void {
    if (this.#phase.kind === "online") this.#probe();
    else if (this.#phase.kind !== "connecting" && this.#phase.kind !== "refused") {
      const now = Date.now();
      this.#wakes = this.#wakes.filter((at) => now - at < WAKE_EVERY_MS);
      if (this.#wakes.length >= WAKES || now < this.#floor) return;
      this.#wakes.push(now);
      void this.#dial();
    }
  }

  /** A person does not want to wait. */
  retry(): void {
    if (this.#phase.kind !== "online" && this.#phase.kind !== "connecting" && Date.now() >= this.#floor) void this.#dial();
  }

  #move(phase: Phase): void {
    this.#phase = phase;
    this.#ends.moved(phase);
  }

  #hangUp(): void {
    this.#try++;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  async #dial(): Promise<void> {
    this.#hangUp();
    const mine = this.#try;
    if (this.#phase.kind !== "full") this.#move({ kind: "connecting" });
    const knock = await this.#ends.knock();
    if (mine !== this.#try) return;
    if (knock.kind === "refused") this.refuse(knock.why);
    else if (knock.kind === "full") this.#dropped(closes.tryLater, knock.askedMs, "full");
    else if (knock.kind === "later") this.#dropped(0, knock.askedMs);
    else if (knock.kind === "unreachable") this.#dropped(0, null);
    else this.#open();
  }

  #open(): void {
    const socket = this.#ends.open();
    this.#socket = socket;
    this.#deadline = Date.now() + JOIN_MS;
    socket.onopen = () => {
      this.#heard = this.#beat = Date.now();
      socket.send(this.#ends.join());
    };
    socket.onmessage = ({ data }) => {
      this.#heard = Date.now();
      const heard = told(data);
      if (heard.type === "joined") {
        this.#deadline = 0;
        this.#since = this.#heard;
        this.#move({ kind: "online" });
      }
      this.#ends.heard(heard);
    };
    socket.onclose = ({ code, reason }) => {
      if (code === closes.tokenRefused) this.refuse("token");
      else if (code === closes.notAllowed) this.refuse("room");
      else this.#dropped(code, askedIn(reason));
    };
  }

  #dropped(code: number, askedMs: number | null, kind: Waits["kind"] = "waiting"): void {
    this.#hangUp();
    const now = Date.now();
    const held = this.#since > 0 ? now - this.#since : 0;
    if (held >= STABLE_MS) this.#lost = 0;
    if (held >= KEPT_UP_MS) this.#letGo = 0;
    this.#since = 0;
    if (!this.#ends.connected()) {
      this.#timer = setTimeout(() => void this.#dial(), OFFLINE_MS);
      this.#move({ kind: "offline" });
      return;
    }
    const lost = { tries: this.#lost, letGo: this.#letGo, code, askedMs };
    if (isLetGo(code, askedMs)) this.#letGo++;
    else this.#lost++;
    const wait = waitMs(lost, this.#ends.dice());
    this.#floor = now + floorMs(lost);
    this.#timer = setTimeout(() => void this.#dial(), wait);
    this.#move({ kind, until: now + wait });
  }

  #tick(): void {
    const now = Date.now();
    if (this.#deadline > 0 && this.#socket && now > this.#deadline) {
      this.#deadline = 0;
      this.#dropped(0, null);
    } else if (this.#phase.kind === "online") {
      // A browser lets a hidden page's clock run slow: silence counts only from a heartbeat on.
      const unanswered = this.#heard < this.#beat;
      if (unanswered && now - this.#beat >= DEAD_MS) this.#dropped(0, null);
      else if (!unanswered && now - this.#beat >= BEAT_MS) this.#sendBeat();
    }
  }

  #sendBeat(): void {
    this.#beat = Date.now();
    // Later than whatever was heard in the same millisecond.
    this.#heard = Math.min(this.#heard, this.#beat - 1);
    this.send(this.#ends.heartbeat());
  }

  /** Is anybody there? A device that slept has sockets that nobody holds at the other end. */
  #probe(): void {
    this.#sendBeat();
    const [mine, beat] = [this.#try, this.#beat];
    setTimeout(() => {
      if (mine === this.#try && this.#heard < beat) this.#dropped(0, null);
    }, PROBE_MS);
  }
}
