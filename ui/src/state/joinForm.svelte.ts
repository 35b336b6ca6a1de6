// The join form's fields: what follows from what, what is missing or wrong, and what a pasted link fills in.
import { asAppError, type Bridge } from "../bridge/bridge";
import type { AppError, RoomForm, SavedRoom } from "../bridge/dto";
import type { Key } from "../i18n/catalogue";
import { isLoopback, parse, readLink, socketFor, type RoomLink } from "./address";

export type Field = "server" | "socket" | "topic" | "stream" | "name" | "user" | "avatar" | "token";
export type Complaints = Partial<Record<Field, Key>>;

const LONGEST: Record<Field, number> = { server: 2_048, socket: 2_048, topic: 256, stream: 256, name: 256, user: 256, avatar: 2_048, token: 8_192 };
const NEEDED: readonly Field[] = ["server", "topic", "stream", "name"];

export class JoinForm {
  server = $state("");
  topic = $state("");
  stream = $state("");
  name = $state("");
  user = $state("");
  avatar = $state("");
  token = $state("");
  allowInsecure = $state(false);
  allowElsewhere = $state(false);
  busy = $state(false);
  error = $state<AppError | null>(null);
  /** After the first attempt every complaint shows; before it, none. */
  tried = $state(false);
  note = $state<Key | null>(null);
  /** What was pasted leads to no room. */
  wrong = $state<Key | null>(null);

  #ownSocket = $state<string | null>(null);
  readonly socket = $derived(this.#ownSocket ?? socketFor(this.server));
  /** A plain connection to another machine: only on purpose. */
  readonly plain = $derived([this.server, this.socket].some((text) => isPlain(text)));
  #linked = $state(false);
  /** The host to which a link leads the socket, and the token with it, where that is not its server's: only on purpose. */
  readonly elsewhere = $derived(this.#linked ? otherHost(this.server, this.socket) : null);
  readonly complaints = $derived(this.#complaints());

  /** The saved room that is edited, or null for a new one. */
  readonly editing: SavedRoom | null;
  readonly #newUser: () => string;

  constructor(editing: SavedRoom | null, newUser: () => string) {
    this.editing = editing;
    this.hasToken = editing !== null && editing.tokenStore !== "none";
    this.#newUser = newUser;
    if (editing) this.#fill(editing.form);
  }

  readonly hasToken: boolean;
  /** The stored token stays with the hosts that it was given for. */
  readonly tokenIsKept = $derived.by(() => {
    if (!this.editing || !this.hasToken) return false;
    const { server, socket } = this.editing.form;
    const known = hostsOf(server, socket || socketFor(server));
    return hostsOf(this.server, this.socket).every((host) => known.includes(host));
  });

  setSocket(text: string): void {
    this.#linked = false;
    this.#ownSocket = text.trim() === "" || text === socketFor(this.server) ? null : text;
  }

  /** Takes a link to a room in place of text. False when the text is none, and belongs into the field. */
  paste(text: string): boolean {
    const link = readLink(text);
    if (link === null) return false;
    this.wrong = link === "broken" ? "join.broken" : null;
    this.note = null;
    if (link !== "broken") this.#take(link);
    return true;
  }

  /** The same where there is no field that the text could belong to: then it has to be a link, or a server's address. */
  pasteAnywhere(text: string): void {
    if (this.paste(text)) return;
    const server = badAddress(text, ["https:", "http:"], "join.wrong");
    this.note = null;
    this.wrong = text.trim() === "" ? "join.wrong" : (server ?? null);
    if (this.wrong === null) this.#take({ form: { server: text.trim() }, hadToken: false, token: null, page: false });
  }

  #take({ form, hadToken, token, page }: RoomLink): void {
    this.#fill(form);
    this.#linked ||= form.socket !== undefined;
    this.allowElsewhere = false;
    if (token !== null) this.token = token;
    this.tried = false;
    const whole = [this.server, this.topic, this.stream].every((text) => text.trim() !== "");
    this.note = this.elsewhere !== null ? "join.filledElsewhere" : hadToken ? "join.linkHadToken" : !whole ? "join.filledSome" : token !== null ? "join.filledAll" : page ? "join.filledPage" : "join.filled";
  }

  async submit(bridge: Bridge): Promise<SavedRoom | null> {
    this.tried = true;
    if (this.busy || Object.keys(this.complaints).length > 0) return null;
    this.busy = true;
    this.error = null;
    this.wrong = null;
    try {
      return await bridge.saveRoom(this.editing?.id ?? null, this.#form(), this.token === "" ? null : this.token);
    } catch (thrown) {
      this.error = asAppError(thrown);
      return null;
    } finally {
      this.busy = false;
    }
  }

  #form(): RoomForm {
    const user = this.user.trim();
    if (user === "") this.user = this.#newUser();
    return {
      server: this.server.trim(),
      socket: this.socket.trim(),
      topic: this.topic.trim(),
      stream: this.stream.trim(),
      name: this.name.trim(),
      user: this.user.trim(),
      avatar: this.avatar.trim(),
      allowInsecure: this.plain && this.allowInsecure,
    };
  }

  #fill(form: Partial<RoomForm>): void {
    this.server = form.server ?? this.server;
    this.topic = form.topic ?? this.topic;
    this.stream = form.stream ?? this.stream;
    this.name = form.name ?? this.name;
    this.user = form.user ?? this.user;
    this.avatar = form.avatar ?? this.avatar;
    this.allowInsecure = form.allowInsecure ?? false;
    if (form.server !== undefined || form.socket !== undefined) this.setSocket(form.socket ?? "");
  }

  #complaints(): Complaints {
    const found: Partial<Record<Field, Key | undefined>> = {};
    for (const field of Object.keys(LONGEST) as Field[]) {
      const text = this[field];
      if (text.length > LONGEST[field]) found[field] = "join.bad.long";
      else if (NEEDED.includes(field) && text.trim() === "") found[field] = "join.bad.required";
    }
    found.server ??= badAddress(this.server, ["https:", "http:"], "join.bad.url");
    found.socket ??= badAddress(this.socket, ["wss:", "ws:"], "join.bad.socketUrl");
    found.avatar ??= badAddress(this.avatar, ["https:", "http:"], "join.bad.url");
    if (this.plain && !this.allowInsecure) found.server ??= "join.bad.insecure";
    if (this.elsewhere !== null && !this.allowElsewhere) found.server ??= "join.bad.elsewhere";
    if (/\s|\p{Cc}/u.test(this.token)) found.token ??= "join.bad.token";
    if (this.token === "" && !this.tokenIsKept) found.token ??= "join.bad.required";
    return Object.fromEntries(Object.entries(found).filter(([, complaint]) => complaint !== undefined)) as Complaints;
  }
}

function badAddress(text: string, schemes: readonly string[], complaint: Key): Key | undefined {
  if (text.trim() === "") return undefined;
  const url = parse(text);
  if (!url || !schemes.includes(url.protocol) || url.hostname === "") return complaint;
  return url.username !== "" || url.password !== "" ? "join.bad.userinfo" : undefined;
}

/** Where a token goes; nothing of what is no address yet. */
const hostsOf = (...texts: string[]): string[] => texts.flatMap((text) => parse(text)?.hostname ?? []);

/** The socket's host, where it is not the server's. */
function otherHost(server: string, socket: string): string | null {
  const [from, to] = [parse(server), parse(socket)];
  return from && to && from.hostname !== to.hostname ? to.hostname : null;
}

function isPlain(text: string): boolean {
  const url = parse(text);
  return url !== null && (url.protocol === "http:" || url.protocol === "ws:") && !isLoopback(url);
}
